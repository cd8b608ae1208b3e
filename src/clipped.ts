import stringWidth from 'string-width';

const CHARACTERS = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * As much of a line as fits into so many columns: a character may take two of them, or none. By itself, since the
 * tables of characters that it needs take longer to load than all else that a command prints with.
 */
export function clipped(line: string, columns: number): string {
  let width = 0;
  let kept = '';
  for (const { segment } of CHARACTERS.segment(line)) {
    width += stringWidth(segment);
    if (width > columns) break;
    kept += segment;
  }
  return kept;
}
