import { FleetError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import {
  type CheckContext,
  checkInstance,
  type FoundInInstance,
} from '../../instances/fsck/check-instance.ts';
import {
  documentPart,
  type InstanceFilter,
  matchesDocument,
} from '../../instances/lookup/instance-filter.ts';
import type { FsckPayload } from '../../jobs/kinds/fsck.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import { count } from '../../quantity-text.ts';
import { judgeMeasures } from '../../usage/measured-filter.ts';
import { readExpected } from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runStages, type Stage } from '../stage/pipeline.ts';
import type { Services } from '../stage/services.ts';

/** Sorts of findings that are named in one text. */
const MOST_NAMED = 12;

/** A check found something. What is told of it names neither files nor people: it is kept in Redis. */
class Findings extends FleetError {
  constructor(domain: string, found: ReadonlyMap<string, number>) {
    const total = [...found.values()].reduce((sum, number) => sum + number, 0);
    const named = [...found].slice(0, MOST_NAMED).map(([what, number]) => {
      return number === 1 ? what : `${what} (${count(number)})`;
    });
    const more = found.size > MOST_NAMED ? `, and ${found.size - MOST_NAMED} other sorts` : '';
    super(
      'findings',
      `${count(total)} ${total === 1 ? 'finding' : 'findings'}: ${named.join(', ')}${more}`,
      `See each: cozy-fleet instances fsck ${domain}. What may be put right: cozy-fleet instances repair ${domain} --dry-run.`,
    );
  }
}

/**
 * Runs one attempt of a check, which writes nothing. One instance is checked at a time by a job, so that the jobs that a worker
 * has at a time, and a batch's own limits, bound what CouchDB and the storage are asked. An instance that went since the order, or that
 * the operator's filter does not mean any more, is passed over.
 * @throws Refusal `not_found` where there was no such instance when the job was ordered; LostLock when the job is not ours
 */
export async function runCheck(attempt: Attempt, payload: FsckPayload): Promise<OutcomeOf<'fsck'>> {
  const { services, signal } = attempt;
  const { domain, seen, filter, index, files, generation } = payload;
  if (seen === undefined) {
    throw new Refusal('not_found', `there is no instance with the domain or alias ${domain}`);
  }
  const instance = await readExpected(services, domain, seen, signal);
  if (instance === undefined || !(await isMeant(services, filter, instance, signal))) return 'not-checked';
  const check: Stage<'check', undefined, OutcomeOf<'fsck'>> = {
    name: 'check',
    async run() {
      const { version: indexesVersion } = await services.platform.indexes();
      // This job has the names of the instance: no other one goes on with what is half made or half removed.
      const hasJob = async () => false;
      const context: CheckContext = { ...services, hasJob, indexesVersion, instance, signal };
      const found = new Map<string, number>();
      for await (const finding of checkInstance(context, { index, files })) {
        const sort = sortOf(finding);
        found.set(sort, (found.get(sort) ?? 0) + 1);
      }
      if (found.size > 0) throw new Findings(domain, found);
      return 'healthy';
    },
    verify: async () => ['it may have broken since'],
  };
  return (await runStages({ ...attempt, stages: [check], context: undefined, generation })) ?? 'healthy';
}

/** Of one that nobody can measure nobody can tell that nothing is wrong with it. @throws Refusal `unmeasured`; CouchError */
async function isMeant(
  services: Services,
  filter: InstanceFilter | undefined,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<boolean> {
  if (filter === undefined) return true;
  if (!matchesDocument(documentPart(filter), instance)) return false;
  const judgement = await judgeMeasures(filter, instance, services, signal);
  if (typeof judgement === 'boolean') return judgement;
  if (!judgement.isFault) return false;
  throw new Refusal(
    'unmeasured',
    `${instance.domain} cannot be measured: ${judgement.problem}`,
    `To check it all the same: cozy-fleet instances fsck ${instance.domain}.`,
  );
}

/** With the doctype, where it is about a database. */
function sortOf(finding: FoundInInstance): string {
  return 'doctype' in finding ? `${finding.type} ${finding.doctype}` : finding.type;
}
