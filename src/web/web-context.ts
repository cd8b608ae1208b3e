import type { Config } from '../config/config.ts';
import type { Log } from '../logger.ts';
import type { Couch } from '../operations/connect/couch.ts';
import type { FleetLink } from './fleet-link.ts';
import type { OperatorCheck } from './operator-check.ts';

/** What the routes of all servers work with. */
export interface WebContext extends FleetLink {
  readonly config: Config;
  readonly log: Log;
  readonly couch: Couch;
  readonly operator: OperatorCheck;
  /** Aborted when the servers are to close: whatever waits ends then. */
  readonly stopping: AbortSignal;
}
