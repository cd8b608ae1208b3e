import { InputError } from '../../errors.ts';

const ADVICE = 'Write it as 1.2.0, as 1.2.0-20180716 or as 20180716.';

const SHORT = /^\d{8}$/;
const VERSION = /^v?(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)(?:-(?<date>\d{8}))?$/;

interface TosVersion {
  readonly text: string;
  readonly major: number;
  readonly dated: boolean;
  /** What makes one version later than another: its three numbers, then its day, which is 0 where it has none. */
  readonly order: readonly number[];
}

function badTos(message: string): InputError {
  return new InputError('bad_tos', message, {}, ADVICE);
}

/** `digits` is YYYYMMDD; a date that no calendar has, such as 30 February, is shifted by `Date`. */
function isCalendarDate(digits: string): boolean {
  const iso = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
}

function parseTos(text: string): TosVersion {
  const full = SHORT.test(text) ? `1.0.0-${text}` : text;
  const { major, minor, patch, date } = VERSION.exec(full)?.groups ?? {};
  if (major === undefined || (date !== undefined && !isCalendarDate(date))) {
    throw badTos('Bad format for TOS version');
  }
  const order = [major, minor, patch, date].map((number) => Number(number ?? 0));
  return { text: full, major: Number(major), dated: date !== undefined, order };
}

/**
 * A version of the terms of service as stored: `A.B.C` or `A.B.C-YYYYMMDD`, a leading `v` kept; eight
 * digits become `1.0.0-YYYYMMDD` (`docs/cozy-data.md` §2.1, §6.3). The stack checks the format only when
 * an instance is modified, we do always.
 *
 * @throws InputError `bad_tos`
 */
export function normaliseTos(text: string): string {
  return parseTos(text).text;
}

/**
 * The major version; terms count as signed when that of `tos` is not below that of `tos_latest`
 * (`docs/cozy-data.md` §6.3).
 *
 * @throws InputError `bad_tos`
 */
export function tosMajor(text: string): number {
  return parseTos(text).major;
}

/**
 * As `normaliseTos`, for `tos_latest`, which needs its date: from then on an instance that has not
 * signed is blocked (`docs/cozy-data.md` §6.3).
 *
 * @throws InputError `bad_tos`
 */
export function requireDatedTos(text: string): string {
  const version = parseTos(text);
  if (!version.dated) throw badTos('Bad format for TOS version: the latest terms need a date');
  return version.text;
}

/** Whether a version is the one that is stored, which may be written otherwise. @param tos as `normaliseTos` leaves it */
export function sameTos(tos: string, stored: string | undefined): boolean {
  if (stored === undefined) return false;
  return (storedTos(stored)?.text ?? stored) === tos;
}

/**
 * Whether what is stored is later than a version: by its numbers, then by its day. Of one version, that with a day is the later
 * one. What was stored at creation may be of any format, and is then later than nothing.
 * @param tos as `normaliseTos` leaves it
 */
export function isLaterTos(stored: string | undefined, tos: string): boolean {
  const known = stored === undefined ? undefined : storedTos(stored);
  if (known === undefined) return false;
  const { order } = parseTos(tos);
  const at = order.findIndex((number, index) => number !== known.order[index]);
  return at !== -1 && (known.order[at] ?? 0) > (order[at] ?? 0);
}

/** @returns undefined for what cannot be read */
function storedTos(text: string): TosVersion | undefined {
  try {
    return parseTos(text);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
