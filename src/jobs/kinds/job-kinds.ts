import type { z } from 'zod';
import { cleanSessions } from './clean-sessions.ts';
import { create } from './create.ts';
import { destroy } from './destroy.ts';
import { exportKind } from './export.ts';
import { fillPool } from './fill-pool.ts';
import { fsck } from './fsck.ts';
import { installApps } from './install-apps.ts';
import type { HeldNames, KindRules, Task } from './kind.ts';
import { modify } from './modify.ts';
import { modifyAndInstall } from './modify-and-install.ts';
import { purgeJobs } from './purge-jobs.ts';
import { repair } from './repair.ts';
import { resetLinks } from './reset-links.ts';
import { uninstallApps } from './uninstall-apps.ts';
import { updateApps } from './update-apps.ts';

/** Every kind of job by its name. Workers have a row each in `workers/run-payload.ts`. */
export const JOB_KINDS = {
  create,
  destroy,
  modify,
  'modify-and-install': modifyAndInstall,
  repair,
  'install-apps': installApps,
  'update-apps': updateApps,
  'uninstall-apps': uninstallApps,
  'reset-links': resetLinks,
  'clean-sessions': cleanSessions,
  'purge-jobs': purgeJobs,
  fsck,
  export: exportKind,
  'fill-pool': fillPool,
};

type Kinds = typeof JOB_KINDS;

export type JobKind = keyof Kinds;

/** Names of all kinds. */
export const KIND_NAMES: readonly JobKind[] = Object.values(JOB_KINDS).map(({ name }) => name);

export function isJobKind(text: string): text is JobKind {
  return Object.hasOwn(JOB_KINDS, text);
}

// These types are mapped over the kinds so that the compiler follows a payload to the rules of its own kind.

type Payloads = { [Kind in JobKind]: z.infer<Kinds[Kind]['payload']> };

/** The payload of a job of one kind, before it has ended. */
export type PayloadOf<Kind extends JobKind> = { [Each in Kind]: Payloads[Each] & { kind: Each } }[Kind];

/** The payload of a job of any kind, before it has ended. */
export type LivePayload = Payloads[JobKind];

/** What a job of one kind is to do. */
export type TaskOf<Kind extends JobKind> = { [Each in Kind]: Task<Payloads[Each]> & { kind: Each } }[Kind];

/** How a job of one kind ends well. */
export type OutcomeOf<Kind extends JobKind> = Kinds[Kind]['outcomes'][keyof Kinds[Kind]['outcomes']];

export type JobOutcome = OutcomeOf<JobKind>;

export const JOB_OUTCOMES: readonly JobOutcome[] = Object.values(JOB_KINDS).flatMap(({ outcomes }) => [
  outcomes.done,
  outcomes.skipped,
]);

/** Whether there was nothing to do: its batch row counts as skipped then. */
export function didNothing(outcome: JobOutcome): boolean {
  return Object.values(JOB_KINDS).some(({ outcomes }) => outcomes.skipped === outcome);
}

export type StageName = Kinds[JobKind]['stages'][number];

/** The stages of a job of that kind, in the order in which they run. */
export function stagesOf(kind: JobKind): readonly StageName[] {
  return JOB_KINDS[kind].stages;
}

export const STAGE_NAMES: readonly StageName[] = [...new Set(KIND_NAMES.flatMap(stagesOf))];

const STAGE_LABELS: ReadonlyMap<string, string> = new Map(
  Object.values(JOB_KINDS).flatMap(({ stageLabels = {} }) => Object.entries<string>(stageLabels)),
);

/** What a stage is called where people read it; programs get the stored name. @param stage its stored name */
export function stageLabel(stage: string): string {
  return STAGE_LABELS.get(stage) ?? stage;
}

const RULES: { readonly [Kind in JobKind]: KindRules<TaskOf<Kind>> & { readonly name: Kind } } = JOB_KINDS;

/** Names that a job with that task holds. */
export function namesOfTask<Kind extends JobKind>(task: TaskOf<Kind>): HeldNames {
  return RULES[task.kind].namesOf(task);
}

/** A text that is equal for two jobs that would do the same. */
export function digestOfTask<Kind extends JobKind>(task: TaskOf<Kind>): string {
  return RULES[task.kind].digest(task);
}

/** The stages that a job with that task may run. */
export function stagesOfTask<Kind extends JobKind>(task: TaskOf<Kind>): readonly StageName[] {
  const passedOver = RULES[task.kind].passesOver?.(task) ?? [];
  return stagesOf(task.kind).filter((stage) => !passedOver.includes(stage));
}

/** Applications that a job with that task is to install. */
export function appsOfTask<Kind extends JobKind>(task: TaskOf<Kind>): readonly string[] {
  return RULES[task.kind].appsOf?.(task) ?? [];
}
