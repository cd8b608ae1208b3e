import { FleetError } from '../../errors.ts';
import type { ModifyResult } from '../../instances/change/modify-instance.ts';
import { Refusal } from '../../instances/errors.ts';
import { assertAliasesFree } from '../../instances/lookup/free-aliases.ts';
import type { InstanceChanges } from '../../instances/options/changes.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { fieldsOf } from '../../jobs/queue/instance-history.ts';
import { modifyAndTell, type ToldServices, type Untold } from '../../stack/modify-and-tell.ts';
import { type HoldReporter, type HoldServices, type HoldTarget, holdInstance } from './hold-instance.ts';
import { withHistory } from './instance-history.ts';

/** Where an instance is changed, and who is told of it. */
export interface ModificationServices extends HoldServices {
  readonly told: ToldServices;
}

/** Told of other work that is waited for, and of services that could not be told of the change. */
export type ModificationReporter = (
  report: Parameters<HoldReporter>[0] | ({ readonly event: 'untold' } & Untold),
) => void;

/** An instance, and what is to become of it. */
export interface ModificationInput extends Omit<HoldTarget, 'aliases'> {
  readonly changes: InstanceChanges;
  readonly author: Author;
}

/**
 * Changes one instance at once, without a job.
 * @throws FleetError `busy`, `interrupted`, `taken` in the stack's words, and what `change/modify-instance.ts` throws
 */
export async function modifyInstance(
  services: ModificationServices,
  { found, changes, author }: ModificationInput,
  signal: AbortSignal,
  report: ModificationReporter,
): Promise<ModifyResult> {
  const { aliases = [] } = changes;
  const change = { domain: found.domain, what: 'modify', fields: fieldsOf(changes), author } as const;
  const work = () =>
    holdInstance(services, { found, aliases }, signal, report, async (held) => {
      try {
        await assertAliasesFree(held, held.found, aliases, held.signal);
      } catch (error) {
        throw inStacksWords(error);
      }
      return await modifyAndTell({
        ...held,
        changes,
        told: services.told,
        onUntold: (untold) => report({ event: 'untold', ...untold }),
      });
    });
  return await withHistory(services.fleet, change, work, ({ outcome }) =>
    outcome === 'modified' ? 'done' : 'skipped',
  );
}

function inStacksWords(error: unknown): unknown {
  if (!(error instanceof Refusal) || error.code !== 'taken') return error;
  return new FleetError(
    'taken',
    'Conflict: Instance already exists',
    `${error.message}. Nothing was changed.`,
  );
}
