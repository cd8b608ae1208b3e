import { type Progress, runningStage, type StageRecord, withStage } from '../../jobs/queue/progress.ts';
import type { Log } from '../../logger.ts';
import { settleAll } from '../../settle-all.ts';

/** One step of a job: safe to run twice, and safe beside a twin of the same job (`ARCHITECTURE.md` §3.1). */
export interface Stage<Name extends string, Context, Outcome> {
  readonly name: Name;
  /**
   * Whether there is nothing to do, which costs no record then: an attempt that comes later asks anew. Not asked of a
   * stage that has begun.
   */
  isIdle?(context: Context): boolean;
  /**
   * Whether all that it would do is known to be done already: it is recorded as done, in the same write as what comes next.
   * Not asked of a stage that has begun.
   */
  isDoneAlready?(context: Context): boolean;
  /**
   * Whether it begins while it is being recorded that it does, and that what came before it has ended. What must not
   * be done before that is known waits for it by itself (`attempt.ts`). In a group all have to.
   */
  readonly beginsMeanwhile?: boolean;
  /** @returns an outcome when the job is over before its last stage */
  run(context: Context): Promise<Outcome | undefined>;
  /** What of this stage's work is missing, a sentence each; empty when it is all there. */
  verify(context: Context): Promise<readonly string[]>;
}

/** Stages that do not need each other: they run side by side, and are recorded together. */
export interface StageGroup<Name extends string, Context, Outcome> {
  readonly together: readonly Stage<Name, Context, Outcome>[];
}

/** What comes at one time in a job. */
export type Step<Name extends string, Context, Outcome> =
  | Stage<Name, Context, Outcome>
  | StageGroup<Name, Context, Outcome>;

/**
 * Called around every stage and awaited, so that an observer can hold a worker at a boundary. Those of a group are all
 * told of before the first of them begins, and after the last of them has ended.
 */
export interface StageObserver {
  before?(stage: string): Promise<void> | void;
  after?(stage: string): Promise<void> | void;
}

export interface PipelineOptions<Name extends StageRecord['stage'], Context, Outcome> {
  readonly stages: readonly Step<Name, Context, Outcome>[];
  readonly context: Context;
  readonly signal: AbortSignal;
  /** How often an operator had the job tried again. */
  readonly generation: number;
  /** What earlier attempts recorded. */
  progress(): Progress;
  /** Records a stage; throws when the job is not ours any more. */
  record(progress: Progress): Promise<void>;
  readonly log: Pick<Log, 'debug'>;
  readonly observer?: StageObserver;
  /** Milliseconds since 1970. */
  now?(): number;
}

/** A stage that has begun, with its record as it runs. */
interface Begun<Name extends string, Context, Outcome> {
  readonly stage: Stage<Name, Context, Outcome>;
  readonly running: StageRecord;
}

/** What of a step is left to do. */
interface BegunStep<Name extends string, Context, Outcome> {
  readonly stages: readonly Begun<Name, Context, Outcome>[];
  /** Settles once it is recorded that they have begun. */
  readonly recorded: Promise<void>;
}

/** A stage that has ended well. */
interface Ended<Outcome> {
  readonly done: StageRecord;
  readonly outcome: Outcome | undefined;
}

/**
 * Runs what is left of a job's stages. A stage that is done is skipped; one that was done before an
 * operator asked for another try is verified first, and run again where something is missing. One with nothing to do
 * is passed over. The end of a step and the begin of the next one are recorded in one write, which is waited for before the
 * next one begins, or beside it. Where one of several stages
 * that run side by side fails, the others are waited for and recorded, and the one that failed stays the current one.
 * @returns the outcome of a stage that ended the job early, or undefined after the last stage
 */
export async function runStages<Name extends StageRecord['stage'], Context, Outcome>(
  options: PipelineOptions<Name, Context, Outcome>,
): Promise<Outcome | undefined> {
  const { stages, context, signal, generation, progress, record, log, observer, now = Date.now } = options;
  let ended: readonly StageRecord[] = [];
  const passedOver = new Set<StageRecord['stage']>();

  /** What is known by now: also the end of the last step, which waits for the next write. */
  const known = (): Progress => withStages(progress(), ended);
  async function write(next: Progress): Promise<void> {
    await record(next);
    const told = ended;
    ended = [];
    for (const { stage } of told) {
      if (passedOver.has(stage)) await observer?.before?.(stage);
      await observer?.after?.(stage);
    }
  }

  /** Whether there is nothing to do for a stage that has not begun. */
  const isIdle = (stage: Stage<Name, Context, Outcome>, before: StageRecord | undefined) =>
    before === undefined && stage.isIdle?.(context) === true;

  /** What was done already is told with the next write. */
  function passOver({ name }: Stage<Name, Context, Outcome>): void {
    passedOver.add(name);
    const done: StageRecord = { stage: name, state: 'done', startedAt: now(), ms: 0, tries: 1, generation };
    ended = [...ended, done];
  }

  /** Records what of a step is left to do as begun. */
  async function begin(
    group: readonly Stage<Name, Context, Outcome>[],
  ): Promise<BegunStep<Name, Context, Outcome>> {
    const nothing = { stages: [], recorded: Promise.resolve() };
    const before = new Map(known().stages.map((each) => [each.stage, each]));
    const left: Stage<Name, Context, Outcome>[] = [];
    for (const stage of group) {
      const earlier = before.get(stage.name);
      if (isDone(earlier, generation) || isIdle(stage, earlier)) continue;
      if (earlier === undefined && stage.isDoneAlready?.(context) === true) passOver(stage);
      else left.push(stage);
    }
    if (left.length === 0) return nothing;
    signal.throwIfAborted();
    // What is done must not be forgotten should the look at the next stages fail.
    const isLookNeeded = left.some(({ name }) => before.get(name)?.state === 'done');
    if (isLookNeeded && ended.length > 0) await write(known());
    const records = await settleAll(
      left.map(async (stage): Promise<StageRecord> => {
        const earlier = before.get(stage.name);
        const tries = (earlier?.tries ?? 0) + 1;
        const running: StageRecord = {
          stage: stage.name,
          state: 'running',
          startedAt: now(),
          tries,
          generation,
        };
        if (earlier?.state !== 'done') return running;
        return (await stage.verify(context)).length === 0 ? { ...earlier, generation } : running;
      }),
    );
    const recorded = write(withStages(known(), records));
    if (isLookNeeded || !left.every((stage) => stage.beginsMeanwhile === true)) await recorded;
    // Awaited with the stages: until then its failure is nobody's.
    recorded.catch(() => undefined);
    const stages = left.flatMap((stage, at) => {
      const running = records[at];
      return running?.state === 'running' ? [{ stage, running }] : [];
    });
    return { stages, recorded };
  }

  async function run({ stage, running }: Begun<Name, Context, Outcome>): Promise<Ended<Outcome>> {
    const outcome = await stage.run(context);
    signal.throwIfAborted();
    const ms = now() - running.startedAt;
    log.debug('stage done', { stage: stage.name, ms });
    return { done: { ...running, state: 'done', ms }, outcome };
  }

  for (const step of stages) {
    const { stages: begun, recorded } = await begin(stagesIn(step));
    if (begun.length === 0) continue;
    for (const { stage, running } of begun) {
      log.debug('stage begun', { stage: stage.name, tries: running.tries });
      await observer?.before?.(stage.name);
      signal.throwIfAborted();
    }
    const ends = await Promise.allSettled(begun.map(run));
    // Where that has failed the job is not ours any more, whatever was done.
    await recorded;
    const well = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    ended = well.map(({ done }) => done);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) {
      if (ended.length > 0 && !signal.aborted) await write(known());
      throw failed.reason;
    }
    const outcome = well.find((end) => end.outcome !== undefined)?.outcome;
    if (outcome === undefined) continue;
    await write(known());
    return outcome;
  }
  if (ended.length > 0) await write(known());
  return undefined;
}

/** The stages that come at one time. */
export function stagesIn<Name extends string, Context, Outcome>(
  step: Step<Name, Context, Outcome>,
): readonly Stage<Name, Context, Outcome>[] {
  return 'together' in step ? step.together : [step];
}

function isDone(before: StageRecord | undefined, generation: number): boolean {
  return before?.state === 'done' && before.generation === generation;
}

function withStages(before: Progress, records: readonly StageRecord[]): Progress {
  return records.reduce(withStage, before);
}

/** The stage a job is in or failed in: the one that runs, else the first that is not done. */
export function currentStage(
  progress: Progress,
  names: readonly StageRecord['stage'][],
): StageRecord['stage'] | undefined {
  return (
    runningStage(progress) ??
    names.find((name) => progress.stages.find(({ stage }) => stage === name)?.state !== 'done')
  );
}
