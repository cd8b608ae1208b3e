const SECTION = '[InternetShortcut]';

/** Where a shortcut leads, by the rules of a stack (`pkg/shortcut/shortcut.go`); undefined for a file that is none. */
export function shortcutUrl(content: Buffer): string | undefined {
  const [first, ...lines] = content.toString('utf8').split('\n').map(withoutReturn);
  if (first !== SECTION || lines.length === 0) return undefined;
  return lines.findLast((line) => line.startsWith('URL='))?.slice('URL='.length);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
