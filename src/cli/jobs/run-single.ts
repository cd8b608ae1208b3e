import type { Config } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { domainOf, type JobSpec } from '../../jobs/kinds/payload.ts';
import { withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import { runJob } from '../../operations/jobs/run-job.ts';
import type { WorkOptions } from '../flags/work-flags.ts';
import { currentAuthor } from '../terminal/actor.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import { withInterrupt } from '../terminal/interrupt.ts';
import type { Output } from '../terminal/output.ts';
import { jobPrinter, printJob, type SingleResult } from './print-job.ts';

/** Where a command's job runs, and where it is shown. */
export interface JobCommand {
  readonly config: Config;
  readonly global: CouchServer;
  readonly output: Output;
}

/** Queues the job of one instance, and shows how it ends. @throws FleetError when it failed, `busy` */
export async function runSingle(
  { config, global, output }: JobCommand,
  work: Exclude<JobSpec, { kind: 'create' }>,
  { tries, async, waitMs, reason }: Pick<WorkOptions, 'tries' | 'async' | 'waitMs' | 'reason'>,
): Promise<CommandResult<SingleResult>> {
  const result = await withInterrupt((signal) =>
    withKeyedFleet(config, global, (fleet) =>
      runJob(
        fleet,
        { work, tries, author: currentAuthor(reason) },
        { async, waitMs, signal },
        jobPrinter(output),
      ),
    ),
  );
  return printJob(work.kind, domainOf(work), result, output);
}
