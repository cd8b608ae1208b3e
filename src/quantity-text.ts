/** A number with its thousands set apart: `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A number of things, with its word: `1 row`, `12,345 rows`. @param one the word for one; that for several has an s */
export function counted(value: number, one: string): string {
  return `${count(value)} ${one}${value === 1 ? '' : 's'}`;
}

/** A duration as a person says it: `30 s`, `5 min`, `2 h 10 min`. @param ms milliseconds */
export function readableDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Why a duration with an `m` is refused where months could be meant, and what to say for either. */
export function minutesOrMonths(text: string, number: number): string {
  return `${JSON.stringify(text)}: minutes or months? say ${number}mo, or ${number}min`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** A size in powers of 1000, as the stack shows sizes: `1.6 GB`. */
export function readableSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power] ?? ''}`;
}
