import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import { refuseShared } from '../../instances/lookup/sharing.ts';
import type { ExportPayload } from '../../jobs/kinds/export.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import { refuseUnmeant, requireExpected } from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runStages, type Stage } from '../stage/pipeline.ts';
import { exportWork } from './export-work.ts';
import { noteOf } from './note-of.ts';

/**
 * Runs one attempt of an export. Nothing of the instance is changed but what a stack writes for itself.
 * @throws ExportError, Refusal, LostLock when the job is not ours
 */
export async function runExport(attempt: Attempt, payload: ExportPayload): Promise<OutcomeOf<'export'>> {
  const { services, signal, lease, jobId, progress, record } = attempt;
  const { filter, generation, to: directory } = payload;
  const instance = await requireExpected(services, payload, signal);
  await refuseUnmeant(services, filter, instance, signal);
  refuseUnfinished(instance);
  let outcome: OutcomeOf<'export'> = 'exported';
  const only: Stage<'export', undefined, OutcomeOf<'export'>> = {
    name: 'export',
    async run() {
      // What two documents mean is in the archive of both.
      refuseShared(await services.prefixIndex.refresh(signal), instance);
      const archive = await exportWork({ services, instance, directory, jobId, signal, lease });
      await record({ ...progress(), archive: noteOf(archive) });
      outcome = archive.record.jobId === jobId ? 'exported' : 'already-exported';
      return outcome;
    },
    verify: async () => ['it may have changed since'],
  };
  return (await runStages({ ...attempt, stages: [only], context: undefined, generation })) ?? outcome;
}
