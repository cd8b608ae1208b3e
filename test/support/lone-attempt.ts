import type { Progress } from '../../src/jobs/queue/progress.ts';
import type { Attempt } from '../../src/workers/stage/attempt.ts';
import type { Services } from '../../src/workers/stage/services.ts';
import { silentLog } from './test-log.ts';

/** An attempt without a queue: what it records is in `records`, each time anew. @param before what earlier ones recorded */
export function loneAttempt(
  services: Services,
  given: Partial<Pick<Attempt, 'signal' | 'lease' | 'observer'>> = {},
  before: Progress = { stages: [] },
): Attempt & { readonly records: Progress[] } {
  const records: Progress[] = [];
  const record = async (next: Progress) => void records.push(next);
  return {
    services,
    jobId: 'job',
    sealKey: '',
    lease: { assertHeld: () => undefined },
    signal: new AbortController().signal,
    log: silentLog(),
    progress: () => records.at(-1) ?? before,
    record,
    remember: (next) => void record(next),
    outlastDead: async () => undefined,
    standAside: async () => false,
    recorded: async () => undefined,
    besideEnd: () => undefined,
    over: async () => undefined,
    records,
    ...given,
  };
}
