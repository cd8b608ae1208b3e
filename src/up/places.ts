import { join } from 'node:path';

/** Where `up` keeps what it runs, all below one directory. */
export interface Places {
  readonly directory: string;
  readonly redis: string;
  readonly couchdb: string;
  readonly storage: string;
  /** Applications that were fetched once. */
  readonly apps: string;
  readonly logs: string;
  /** Found by the other commands, when the directory is `.fleet`. */
  readonly config: string;
  /** Beside an operator's own configuration file: what `up` adds to it, as environment variables. */
  readonly environment: string;
  /** In the stored form, where no other is found: `serve` reads it. */
  readonly adminPassphrase: string;
  /** The same as it is typed, for whoever tries it out. */
  readonly clearPassphrase: string;
  /** The example instances, with the port that their pages have here. */
  readonly examples: string;
  /** Held by the `up` that runs here. */
  readonly lock: string;
}

/** @param directory absolute */
export function placesIn(directory: string): Places {
  return {
    directory,
    redis: join(directory, 'redis'),
    couchdb: join(directory, 'couchdb'),
    storage: join(directory, 'storage'),
    apps: join(directory, 'apps'),
    logs: join(directory, 'logs'),
    config: join(directory, 'cozy.yaml'),
    environment: join(directory, 'env.sh'),
    adminPassphrase: join(directory, 'cozy-admin-passphrase'),
    clearPassphrase: join(directory, 'admin-passphrase'),
    examples: join(directory, 'examples.csv'),
    lock: join(directory, 'up.lock'),
  };
}
