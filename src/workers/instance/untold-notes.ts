import type { Untold } from '../../stack/modify-and-tell.ts';
import type { Attempt } from '../stage/attempt.ts';

/** Which services do not know of what a job has changed. */
export interface UntoldNotes {
  /** Notes one, and says so in the log. */
  add(untold: Untold): void;
  /** Keeps what was noted with the job, in the place of what an earlier attempt has kept. */
  keep(): Promise<void>;
}

/** Notes for one attempt, which tells all services anew. */
export function createUntoldNotes({ services, progress, record }: Attempt): UntoldNotes {
  const untold: Untold[] = [];
  return {
    add(each) {
      untold.push(each);
      const { service, problem } = each;
      services.log.warn('a service was not told of a change', { target: service, problem });
    },
    async keep() {
      const { untold: before, ...rest } = progress();
      if (untold.length > 0) await record({ ...rest, untold });
      else if (before !== undefined) await record(rest);
    },
  };
}
