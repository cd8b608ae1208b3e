import { type Progress, type StageRecord, withStage } from '../../jobs/queue/progress.ts';
import type { Log } from '../../logger.ts';

/** One step of a job: safe to run twice, and safe beside a twin of the same job (`ARCHITECTURE.md` §3.1). */
export interface Stage<Name extends string, Context, Outcome> {
  readonly name: Name;
  /** @returns an outcome when the job is over before its last stage */
  run(context: Context): Promise<Outcome | undefined>;
  /** What of this stage's work is missing, a sentence each; empty when it is all there. */
  verify(context: Context): Promise<readonly string[]>;
}

/** Called around every stage and awaited, so that an observer can hold a worker at a boundary. */
export interface StageObserver {
  before?(stage: string): Promise<void> | void;
  after?(stage: string): Promise<void> | void;
}

export interface PipelineOptions<Name extends StageRecord['stage'], Context, Outcome> {
  readonly stages: readonly Stage<Name, Context, Outcome>[];
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

/**
 * Runs what is left of a job's stages. A stage that is done is skipped; one that was done before an
 * operator asked for another try is verified first, and run again where something is missing. The end of
 * a stage and the begin of the next one are recorded in one write.
 * @returns the outcome of a stage that ended the job early, or undefined after the last stage
 */
export async function runStages<Name extends StageRecord['stage'], Context, Outcome>(
  options: PipelineOptions<Name, Context, Outcome>,
): Promise<Outcome | undefined> {
  const { stages, context, signal, generation, progress, record, log, observer, now = Date.now } = options;
  let ended: StageRecord | undefined;

  /** What is known by now: also the end of the last stage, which waits for the next write. */
  const known = (): Progress => (ended === undefined ? progress() : withStage(progress(), ended));
  async function write(next: Progress): Promise<void> {
    await record(next);
    const told = ended?.stage;
    ended = undefined;
    if (told !== undefined) await observer?.after?.(told);
  }

  let outcome: Outcome | undefined;
  for (const stage of stages) {
    const before = known().stages.find((each) => each.stage === stage.name);
    if (before?.state === 'done' && before.generation === generation) continue;
    signal.throwIfAborted();
    const tries = (before?.tries ?? 0) + 1;
    const startedAt = now();
    const running: StageRecord = { stage: stage.name, state: 'running', startedAt, tries, generation };
    if (before?.state === 'done') {
      // What is done must not be forgotten should the look at the next stage fail.
      if (ended !== undefined) await write(known());
      if ((await stage.verify(context)).length === 0) {
        await write(withStage(known(), { ...before, generation }));
        continue;
      }
    }
    await write(withStage(known(), running));
    log.debug('stage begun', { stage: stage.name, tries });
    await observer?.before?.(stage.name);
    signal.throwIfAborted();
    outcome = await stage.run(context);
    signal.throwIfAborted();
    const ms = now() - startedAt;
    ended = { ...running, state: 'done', ms };
    log.debug('stage done', { stage: stage.name, ms });
    if (outcome !== undefined) break;
  }
  if (ended !== undefined) await write(known());
  return outcome;
}

/** The stage a job is in or failed in: the one that runs, else the first that is not done. */
export function currentStage(
  progress: Progress,
  names: readonly StageRecord['stage'][],
): StageRecord['stage'] | undefined {
  const running = progress.stages.find(({ state }) => state === 'running');
  return (
    running?.stage ??
    names.find((name) => progress.stages.find(({ stage }) => stage === name)?.state !== 'done')
  );
}
