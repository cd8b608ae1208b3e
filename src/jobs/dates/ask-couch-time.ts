import type { Config } from '../../config/config.ts';
import { serverDate } from '../../couchdb/server-date.ts';
import { signalWithin } from '../../signal-within.ts';
import type { CouchTime } from './earlier-clock.ts';

/** Milliseconds that CouchDB may take to say the time. */
const TIME_MS = 5_000;

/**
 * What CouchDB takes for the time, with ours before and after.
 * @param couchdb where it is: `couchdb` of the configuration
 * @throws the socket's error, or the signal's reason
 */
export async function askCouchTime(
  { url, tls }: Pick<Config['couchdb'], 'url' | 'tls'>,
  signal: AbortSignal,
): Promise<CouchTime> {
  const asked = Date.now();
  const said = await serverDate(url, tls, signalWithin(TIME_MS, signal));
  return { said, asked, answered: Date.now() };
}
