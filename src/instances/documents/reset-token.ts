import { randomBytes } from 'node:crypto';
import type { InstanceDocument } from './instance-document.ts';

/** Bytes of a token, as a stack makes them (`model/instance/auth.go`, `PasswordResetTokenLen`). */
const TOKEN_BYTES = 16;

const DAY_MS = 86_400_000;

/** Longest time for which a link may work: it lets whoever has it choose the passphrase. */
export const LONGEST_RESET_MS = 31 * DAY_MS;

/** A new token, base64, as it is stored. */
export function newResetToken(random: (size: number) => Buffer = randomBytes): string {
  return random(TOKEN_BYTES).toString('base64');
}

/**
 * An instance whose owner may choose a new passphrase for so long. As in a stack (`docs/cozy-data.md` §6.7), an owner who
 * has not registered yet keeps the registration link and gets no other, and a token that is good still stays: its
 * owner may have it in a mail. It is good for longer then, never for less.
 *
 * @param token base64, for where there is none that is good
 * @param until milliseconds since 1970
 * @param now milliseconds since 1970
 */
export function withResetToken(
  instance: InstanceDocument,
  { token, until, now }: { readonly token: string; readonly until: number; readonly now: number },
): InstanceDocument {
  if (isUnregistered(instance)) return instance;
  const end = resetEnd(instance);
  if (end === undefined || end <= now) {
    return {
      ...instance,
      passphrase_reset_token: token,
      passphrase_reset_time: new Date(until).toISOString(),
    };
  }
  return end >= until ? instance : { ...instance, passphrase_reset_time: new Date(until).toISOString() };
}

/** Whether its owner has a registration link to use, beside which a stack makes no other. */
export function isUnregistered({ register_token: token }: InstanceDocument): boolean {
  return token !== undefined && token !== '';
}

/** Until when its token is good, in milliseconds since 1970; undefined where there is none that could be used. */
export function resetEnd({
  passphrase_reset_token: token,
  passphrase_reset_time: time,
}: InstanceDocument): number | undefined {
  if (!token || time === undefined || Buffer.from(token, 'base64').length < TOKEN_BYTES) return undefined;
  const end = Date.parse(time);
  return Number.isNaN(end) ? undefined : end;
}
