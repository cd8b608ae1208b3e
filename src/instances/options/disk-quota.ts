import { InputError } from '../../errors.ts';

const ADVICE = 'Write a size as 500MB or 5GB (powers of 1000), or as 5GiB (powers of 1024).';

const LEADING_NUMBER = /^[\d.,]*/;
const DECIMAL = /^(\d+(?:\.\d*)?|\.\d+)$/;
const PREFIXES = ['k', 'm', 'g', 't', 'p', 'e'];

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ...PREFIXES.flatMap((prefix, index): [string, number][] => [
    [prefix, 1000 ** (index + 1)],
    [`${prefix}b`, 1000 ** (index + 1)],
    [`${prefix}i`, 1024 ** (index + 1)],
    [`${prefix}ib`, 1024 ** (index + 1)],
  ]),
]);

function badQuota(message: string): InputError {
  return new InputError('bad_quota', message, {}, ADVICE);
}

/**
 * Reads a size such as `5GB`, `1.5 GiB` or `1,000` as whole bytes, by the rules of go-humanize that the
 * stack's command line follows (`docs/admin-api.md` §1.3). A fraction of a byte is cut off.
 *
 * @throws InputError `bad_quota`: no number, unknown unit, or more bytes than a safe integer holds
 */
export function parseSize(text: string): number {
  const [leading = ''] = LEADING_NUMBER.exec(text) ?? [];
  const number = leading.replaceAll(',', '');
  if (!DECIMAL.test(number)) throw badQuota(`not a size: ${JSON.stringify(text)}`);

  const unit = text.slice(leading.length).trim().toLowerCase();
  const factor = UNITS.get(unit);
  if (factor === undefined) throw badQuota(`unhandled size name: ${unit}`);

  const bytes = Math.trunc(Number(number) * factor);
  if (!Number.isSafeInteger(bytes)) throw badQuota(`too large: ${text}`);
  return bytes;
}

const SIZE_NAMES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/**
 * A number of bytes as the stack's `instances ls` shows it: powers of 1000, one decimal below 10
 * (`5.0 GB`, `50 GB`), as go-humanize does (`docs/admin-api.md` §1.3).
 */
export function sizeText(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const power = SIZE_NAMES.findLastIndex((_, index) => bytes >= 1000 ** index);
  const tenths = Math.floor((bytes / 1000 ** power) * 10 + 0.5);
  const number = tenths < 100 ? (tenths / 10).toFixed(1) : String(halfToEven(tenths / 10));
  return `${number} ${SIZE_NAMES[power]}`;
}

/** Go's `%.0f` rounds 12.5 to 12 and 13.5 to 14. */
function halfToEven(value: number): number {
  const whole = Math.floor(value);
  if (value - whole !== 0.5) return Math.round(value);
  return whole % 2 === 0 ? whole : whole + 1;
}
