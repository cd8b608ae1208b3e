import { FleetError, InputError } from '../errors.ts';
import { instanceState } from '../instances/documents/instance-document.ts';
import { normaliseDomain } from '../instances/domains/domain.ts';
import type { SeenInstance } from '../jobs/payload.ts';
import { count } from './batch/batch-texts.ts';
import type { StartedBatch } from './batch/run-batch.ts';
import { ask, askForNumber, tellTarget } from './confirm.ts';
import type { Couch } from './couch.ts';
import { findInstance } from './find-instance.ts';
import type { Output } from './output.ts';
import { type OneDone, type Ran, runMany, runOne } from './run-work.ts';
import { type Choice, choose } from './targets/choose.ts';
import { targetOf } from './targets/target.ts';
import type { AskedWork } from './work-flags.ts';

export interface DestroyOptions extends AskedWork {
  readonly couch: Couch;
  readonly skipAccounts: boolean;
  readonly resume: boolean;
}

/** Destroys one instance, in the words of the stack's `instances destroy` (`docs/admin-api.md` §1.3). */
export async function destroyOne(options: DestroyOptions, typed: string): Promise<Ran<OneDone>> {
  const { couch, force, output } = options;
  const { domain, seen } = await telling(output, typed, async () => {
    const instance = await findInstance(couch.global, typed);
    if (!options.resume && instanceState(instance) === 'deleting') throw alreadyDeleting(instance.domain);
    if (force) refuseAlias(typed, instance.domain);
    return targetOf(instance, 1);
  });
  if (!force) await askForDomain(options, domain);
  return await telling(output, typed, () => runOne(options, workOf(options, domain, seen)));
}

function workOf({ skipAccounts, resume }: DestroyOptions, domain: string, seen: SeenInstance | undefined) {
  return { kind: 'destroy', domain, skipAccounts, resume, ...(seen && { seen }) } as const;
}

async function askForDomain(options: DestroyOptions, domain: string) {
  const { config, output, resume } = options;
  tellTarget(config, output);
  if (resume) output.note('Make sure that no stack is destroying it at this moment.');
  const question = [
    `Are you sure you want to remove instance for domain ${domain}?`,
    'All data associated with this domain will be permanently lost.',
    'Type again the domain to confirm: ',
  ];
  await ask(options, question, domain);
}

/** Says what failed before why, as the stack does. */
async function telling<T>(output: Output, typed: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    output.note(`An error occurred while destroying instance for domain ${typed}`);
    throw error;
  }
}

/** Who is asked sees what the alias means; who is not has to say it. @throws InputError `alias` */
function refuseAlias(typed: string, domain: string): void {
  if (normaliseDomain(typed, 'nested') === domain) return;
  throw new InputError(
    'alias',
    `${typed} is an alias of ${domain}`,
    {},
    `With --force, name the instance itself: cozy-fleet instances destroy ${domain} --force.`,
  );
}

/** The flag is there already: somebody is at it, or was. */
function alreadyDeleting(domain: string): FleetError {
  return new FleetError(
    'deleting',
    'Unqualified error: The deletion has already been requested',
    [
      `See its job: cozy-fleet jobs show ${domain}; if that failed: cozy-fleet jobs retry ${domain}.`,
      `If there is none and no stack is at it: cozy-fleet instances destroy ${domain} --resume.`,
      `To keep the instance: cozy-fleet instances modify ${domain} --deleting=false, then --blocked=false if it was shut already.`,
    ].join('\n'),
  );
}

/** Destroys the instances of a list, a file or a filter, as a batch. */
export async function destroyMany(
  options: DestroyOptions,
  choice: Choice,
): Promise<Ran<StartedBatch | undefined>> {
  const { couch, force, stdin, output } = options;
  const chosen = await choose(choice, { global: couch.global, stdin, note: output.note });
  const { total, described } = chosen;
  const question = [
    `Are you sure you want to remove ${count(total)} instance${total === 1 ? '' : 's'}: ${described}?`,
    'All data associated with them will be permanently lost.',
  ];
  return await runMany(options, {
    kind: 'destroy',
    chosen,
    before: async () => {
      if (!force) await askForNumber(options, total, question);
    },
    workOf: ({ domain, seen }, filter) => ({ ...workOf(options, domain, seen), ...(filter && { filter }) }),
  });
}
