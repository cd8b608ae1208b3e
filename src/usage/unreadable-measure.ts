import { CouchError } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { FleetError } from '../errors.ts';
import { Refusal } from '../instances/errors.ts';

/** What was found cannot be counted, so that nobody knows the measure: it is never taken for 0 or for "never". */
export class UnreadableMeasure extends FleetError {
  /** @param measure such as "last activity" @param problem a half sentence with the document and its field */
  constructor(measure: string, problem: string, advice = 'Look at that document in CouchDB.') {
    super('unmeasured', `the ${measure} cannot be told: ${problem}`, advice);
  }
}

/** What keeps one instance from being measured. */
export type InstanceProblem = UnreadableMeasure | Refusal | CouchError;

/**
 * Whether an error is about one instance, so that others can be gone on with: a document of it, its databases, or an
 * answer about them that came cut while the server is up otherwise. A server that is away, or that refuses our
 * credentials, is so for all instances.
 * @param server from which the instance was read; undefined where none is known for it
 */
export async function isOfInstance(
  error: unknown,
  server: CouchServer | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  if (error instanceof Refusal || error instanceof UnreadableMeasure) return true;
  if (!(error instanceof CouchError) || error.kind === 'outage') return false;
  if (error.status !== undefined) return true;
  return error.fault === undefined && (await server?.health(signal))?.state === 'up';
}
