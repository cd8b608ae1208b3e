import { FleetError } from '../errors.ts';

/** What instances are measured by. */
export type Measure =
  | 'last activity'
  | 'disk usage'
  | 'number of files'
  | 'creation date'
  | 'settings'
  | 'apps';

/** What was found cannot be counted, so that nobody knows the measure: it is never taken for 0 or for "never". */
export class UnreadableMeasure extends FleetError {
  readonly measure: Measure;

  /** @param problem a half sentence, such as "created_at of document x of io.cozy.sessions.logins is no time" */
  constructor(measure: Measure, problem: string, advice = '') {
    super('unmeasured', `the ${measure} cannot be told: ${problem}`, advice);
    this.measure = measure;
  }
}
