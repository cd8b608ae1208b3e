import { Flags } from '@oclif/core';
import { NOTIFY_ADDRESS, notifyAddress } from '../../config/notify-address.ts';
import { InputError } from '../../errors.ts';

/** Whom a batch tells of its end. */
export const notifyFlag = Flags.string({
  summary: 'URL to which a signed notice is sent when the batch ends or is halted [default: fleet.notify]',
  description: 'Others can see what is typed: an address with a password belongs into the configuration.',
  helpValue: '<url>',
});

/**
 * The address that was given with the flag, in one form; the flag does not parse it itself, for oclif would put words of
 * its own before what is wrong.
 * @throws InputError `bad_value`
 */
export function notifyOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const address = notifyAddress(text);
  if (address !== undefined) return address;
  throw new InputError('bad_value', NOTIFY_ADDRESS, { column: '--notify' });
}
