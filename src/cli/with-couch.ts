import type { Config } from '../config/config.ts';
import { type Couch, checkCouch, openCouch } from './couch.ts';

/**
 * Opens the configured CouchDB for the time of `work`, whatever becomes of it.
 * @throws FleetError `couchdb_unreachable` or `couchdb_refused`
 */
export async function withCouch<T>(config: Config, work: (couch: Couch) => Promise<T>): Promise<T> {
  const couch = openCouch(config);
  try {
    await checkCouch(couch.global);
    return await work(couch);
  } finally {
    await couch.close();
  }
}
