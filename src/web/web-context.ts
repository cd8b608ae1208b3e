import type { Config } from '../config/config.ts';
import type { ParsingRules } from '../instances/options/parse-options.ts';
import type { Log } from '../logger.ts';
import type { Couch } from '../operations/connect/couch.ts';
import type { Diagnosis } from '../operations/doctor/diagnose.ts';
import type { FleetLink } from './fleet-link.ts';
import type { OperatorCheck } from './operator-check.ts';

/** What the routes of all servers work with. */
export interface WebContext extends FleetLink {
  readonly config: Config;
  readonly log: Log;
  readonly couch: Couch;
  readonly operator: OperatorCheck;
  /** What holds for new instances now, with their skeleton. @throws InputError `bad_skeleton` */
  creationRules(): Promise<ParsingRules>;
  /** Looks at everything the fleet needs, some seconds at the most, and tells no secret. */
  diagnose(): Promise<Diagnosis>;
  /** Aborted when the servers are to close: whatever waits ends then. */
  readonly stopping: AbortSignal;
}
