import { loadConfig } from '../config/load-config.ts';
import { parseUrl } from '../config/urls.ts';
import type { Places } from './places.ts';

/** What the last `up` in this directory used, so that the next one can use it again. */
export interface PreviousRun {
  readonly redisPort?: number;
  readonly couchPort?: number;
  readonly couchPassword?: string;
  readonly publicPort?: number;
  readonly adminPort?: number;
}

/** User of the embedded CouchDB. */
export const COUCH_USER = 'admin';

const LOCAL = '127.0.0.1';

/** Reads it from the configuration file that `up` wrote; empty when there is none, or none of use. */
export function readPreviousRun({ directory, config: file }: Places): PreviousRun {
  try {
    const { couchdb, fleet, serve } = loadConfig({ file, env: {}, cwd: directory, home: directory });
    const couch = parseUrl(couchdb.url);
    return {
      ...(fleet.redis.kind === 'server' && fleet.redis.host === LOCAL && { redisPort: fleet.redis.port }),
      ...(couch?.hostname === LOCAL &&
        couch.username === COUCH_USER && {
          couchPort: Number(couch.port),
          couchPassword: decodeURIComponent(couch.password),
        }),
      publicPort: serve.publicPort,
      adminPort: serve.adminPort,
    };
  } catch {
    return {};
  }
}
