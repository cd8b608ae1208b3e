import type { z } from 'zod';
import type { EnvelopeField } from './envelope.ts';

/** How an operator is told of work of one kind. */
export interface KindWords {
  /** What was done to an instance. */
  readonly done: string;
  /** Why there was nothing to do. */
  readonly skipped: string;
  /** What a worker is at, as in "job 7 is … a.example.org". */
  readonly doing: string;
  readonly noun: string;
  /** How a single job ended, in a sentence. */
  readonly endings: {
    done(domain: string): string;
    skipped(domain: string): string;
  };
}

/** A payload without what every job has: what is to be done. */
export type Task<Payload> = Omit<Payload, EnvelopeField>;

/** Names a job holds while it lives (`ARCHITECTURE.md` §3.2): the domain, then the aliases it would take. */
export type HeldNames = [domain: string, ...aliases: string[]];

/** What a kind makes of the task of a job. */
export interface KindRules<OneTask> {
  namesOf: (task: OneTask) => HeldNames;
  /**
   * A text that is equal for two jobs that would do the same, whichever command queued them. Its hash is kept in Redis with
   * the names: another text for the same work keeps equal jobs of two versions from joining.
   */
  digest: (task: OneTask) => string;
  /** Applications that the job is to install; absent where a kind installs none. */
  appsOf?: (task: OneTask) => readonly string[];
  /** Stages that a job passes over by what it was ordered to do; absent where each has them all. */
  passesOver?: (task: OneTask) => readonly string[];
}

/** All that tells one kind of job from the others, but for what workers do. */
export interface KindDefinition<
  Name extends string,
  Schema extends z.ZodType,
  Stages extends readonly string[],
  Done extends string,
  Skipped extends string,
> extends KindRules<Task<z.infer<Schema>>> {
  /** As it is written in payloads, in names that are held and in batches. */
  readonly name: Name;
  /** Whether its jobs make instances that wait for their owners: a batch of them ends in registration links. */
  readonly hasLinks: boolean;
  /** What lies in Redis until the job has ended. */
  readonly payload: Schema;
  /** In the order in which they run; these names are kept in the progress of jobs and in batch rows. */
  readonly stages: Stages;
  /** What people read instead of a stored name of a stage that says too little; programs get the stored one. */
  readonly stageLabels?: Readonly<Partial<Record<Stages[number], string>>>;
  /** How a job ends well: something was done, or there was nothing to do, so that its batch row is skipped. */
  readonly outcomes: { readonly done: Done; readonly skipped: Skipped };
  readonly words: KindWords;
  /**
   * Whether a job that failed for good has left an instance in use that lacks no more than applications or first files; absent
   * where no job of the kind can. Its batch row is `incomplete` then, and not `failed`.
   * @param doneStages of the job
   * @param code of its failure
   */
  readonly leavesInUse?: (doneStages: readonly string[], code: string) => boolean;
}

/** Keeps the exact types of what it is given. */
export function defineKind<
  const Name extends string,
  Schema extends z.ZodType<{ kind: Name }>,
  const Stages extends readonly string[],
  const Done extends string,
  const Skipped extends string,
>(
  kind: KindDefinition<Name, Schema, Stages, Done, Skipped>,
): KindDefinition<Name, Schema, Stages, Done, Skipped> {
  return kind;
}
