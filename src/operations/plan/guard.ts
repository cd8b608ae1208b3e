import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import { countInstances } from '../../instances/lookup/all-instances.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { FEW, isTooMany } from '../../jobs/kinds/too-many.ts';
import { count } from '../../quantity-text.ts';
import type { PlanScope } from './plan.ts';
import type { PlannedRow } from './plan-rows.ts';
import { hasWork } from './verdict.ts';

/** Work that would destroy or block instances. */
export interface GuardedWork {
  /** Where all instances are counted. */
  readonly global: CouchServer;
  /** Per cent of the fleet, `fleet.guard` of the configuration. */
  readonly percent: number;
  /** Instances that would be destroyed or blocked. */
  readonly number: number;
}

/** Whether work takes an instance away from its owner. */
export function isGuarded(work: JobSpec): boolean {
  if (work.kind === 'destroy') return true;
  return (work.kind === 'modify' || work.kind === 'modify-and-install') && work.changes.blocked === true;
}

/** Whether a plan removes more of its scope than is believed without a question; undefined where it does not. */
export function shrunkBeyond({ pruned, inScope }: PlanScope, percent: number): GuardQuestion | undefined {
  return isTooMany(pruned, inScope, percent) ? { number: pruned, of: inScope, percent } : undefined;
}

/** The same in a sentence, without a full stop. */
export function shrunkSentence({ number, of, percent }: GuardQuestion): string {
  return `${count(number)} of the ${count(of)} instances of the scope are not on the list, which is more than ${percent} % (fleet.guard)`;
}

/**
 * Lets a plan pass that removes no more of its scope than the share, or whose number was said; to be asked before {@link passGuard}.
 * @param guarded instances that it destroys or blocks, which is the number that is said
 * @throws FleetError `guard`
 */
export function passScope(
  scope: PlanScope | undefined,
  { percent, number: guarded }: Pick<GuardedWork, 'percent' | 'number'>,
  howeverMany: number | undefined,
): void {
  const shrunk = scope && shrunkBeyond(scope, percent);
  // Whether it is the right number is asked by the guard of the fleet.
  if (shrunk === undefined || howeverMany !== undefined) return;
  throw new FleetError(
    'guard',
    `${shrunkSentence(shrunk)}; nothing was queued`,
    `Look at them: --dry-run. If all of them are meant: --however-many ${guarded}.`,
  );
}

/** What has to be said before so much is done. */
export interface GuardQuestion {
  readonly number: number;
  /** All instances there are, by CouchDB, or those of a scope. */
  readonly of: number;
  readonly percent: number;
}

/** What the guard wants to be told; undefined where it lets the work pass. */
export async function guardQuestion(
  { global, percent, number }: GuardedWork,
  signal?: AbortSignal,
): Promise<GuardQuestion | undefined> {
  if (number <= FEW) return undefined;
  const of = await countInstances(global, signal);
  return isTooMany(number, of, percent) ? { number, of, percent } : undefined;
}

/** The same for the rows of a plan that have something to do. */
export async function guardOfRows(
  global: CouchServer,
  percent: number,
  rows: readonly Pick<PlannedRow, 'verdict' | 'request'>[],
): Promise<GuardQuestion | undefined> {
  const number = rows.filter(({ verdict, request }) => hasWork(verdict) && isGuarded(request.work)).length;
  return await guardQuestion({ global, percent, number });
}

/**
 * Lets work pass that is no more than the share, or whose number was said.
 * @param howeverMany the number of instances, as somebody has typed it; undefined where nobody has
 * @throws FleetError `guard`
 */
export async function passGuard(work: GuardedWork, howeverMany: number | undefined): Promise<void> {
  if (work.number === 0 || howeverMany === work.number) return;
  if (howeverMany !== undefined) {
    throw new FleetError(
      'guard',
      `${count(work.number)} instances would be destroyed or blocked, and not ${count(howeverMany)}; nothing was queued`,
      'Look at what is meant: --dry-run.',
    );
  }
  const question = await guardQuestion(work);
  if (question !== undefined) throw guardRefusal(question);
}

function guardRefusal(question: GuardQuestion): FleetError {
  return new FleetError(
    'guard',
    `${guardSentence(question)}; nothing was queued`,
    `Look at them: --dry-run. If all of them are meant: --however-many ${question.number}.`,
  );
}

/** The question in a sentence, without a full stop. */
export function guardSentence({ number, of, percent }: GuardQuestion): string {
  return `${count(number)} of ${count(of)} instances would be destroyed or blocked, which is more than ${percent} % (fleet.guard)`;
}
