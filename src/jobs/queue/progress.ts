import * as z from 'zod';
import type { RedisClient } from '../../redis/client.ts';
import { STAGE_NAMES, type StageName } from '../kinds/job-kinds.ts';
import type { SignedPayload } from '../kinds/payload.ts';
import { RING } from '../redis/bell.ts';
import type { Keys } from '../redis/keys.ts';
import { script } from '../redis/script.ts';

/** How far one stage of a job is. */
export const stageRecord = z.object({
  stage: z.enum(STAGE_NAMES),
  state: z.enum(['running', 'done']),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  /** How long it took; absent while it runs. */
  ms: z.number().optional(),
  tries: z.number(),
  /** Generation of the job in which it was done: a later one verifies it first. */
  generation: z.number(),
});

export type StageRecord = z.infer<typeof stageRecord>;

/** How far one application of a job is; each is a step of its own. */
export const appRecord = z.object({
  /** As it was ordered: a slug or a source. */
  app: z.string(),
  /**
   * `failed`: its last try failed, and `error` says why. Of an update: `updating` while it is written, to `version`, or
   * without one where the version stays; `updated`; `current` where it was of that version, or of a newer one; `held` where `version` waits
   * until the owner agrees; `absent` where it is not installed. Of an uninstallation: `uninstalling` while it is removed;
   * `uninstalled`; `absent`.
   */
  state: z.enum([
    'installed',
    'present',
    'failed',
    'updating',
    'updated',
    'current',
    'held',
    'absent',
    'uninstalling',
    'uninstalled',
  ]),
  version: z.string().optional(),
  /** Why it stays as it is where its source has another version. */
  reason: z.string().optional(),
  /**
   * Set where it is `failed`, and the job had begun before to update it, to `version` unless that stays, or to uninstall it:
   * what is found later may be its own work.
   */
  begun: z.boolean().optional(),
  tries: z.number(),
  /** Generation of the job in which that was so. */
  generation: z.number(),
  code: z.string().optional(),
  error: z.string().optional(),
  /** What is to be done about the error (`ARCHITECTURE.md` §4.1). */
  kind: z.enum(['final', 'retry', 'overload', 'outage']).optional(),
});

export type AppRecord = z.infer<typeof appRecord>;

/** Where the archive of an instance is that a job has made or found, and what is in it. */
export const archiveNote = z.object({
  /** Absolute, on the machine of the worker. */
  directory: z.string(),
  parts: z.number(),
  /** Of all parts. */
  bytes: z.number(),
  files: z.number(),
  versions: z.number(),
  documents: z.number(),
  /** Directories of those before it, which have what the destruction has deleted meanwhile. */
  earlier: z.array(z.string()).optional(),
});

export type ArchiveNote = z.infer<typeof archiveNote>;

/** A service that does not know of what a job has changed, and why. */
export const untoldService = z.object({
  service: z.enum(['common settings', 'Cloudery']),
  /** Holds neither address nor token. */
  problem: z.string(),
});

export type UntoldService = z.infer<typeof untoldService>;

/** Why the last try of a job ended that comes again. */
export const failedTry = z.object({
  code: z.string(),
  message: z.string(),
  /** What the operator can do next, or an empty string. */
  advice: z.string(),
  /**
   * Host of its worker, where the job waits for what this one has not, such as a directory, and another one may have; no try
   * was spent then.
   */
  waitsOn: z.string().optional(),
});

export type FailedTry = z.infer<typeof failedTry>;

const progress = z.object({
  stages: z.array(stageRecord),
  /** Of the instance this job works on, as soon as it is known (`ARCHITECTURE.md` §3.3). */
  incarnation: z.string().optional(),
  /** Prefix of the item of the pool that the job has claimed, or is about to: CouchDB says which. */
  prefix: z.string().optional(),
  /** Revision of the instance's document from which a destruction set `deleting`: to know its own flag again. */
  markedFrom: z.string().optional(),
  /** Set with it where that write shuts an instance that was open: accounts that come meanwhile have it opened again. */
  shutOpen: z.boolean().optional(),
  /**
   * Set once a modification or a repair is about to write: the filter of the one may not mean what it has written, and the
   * other has put right what it finds no more.
   */
  begun: z.boolean().optional(),
  /** Set once work on what an instance keeps has found nothing to do: so it ends, also where it is told by a later attempt. */
  idle: z.boolean().optional(),
  /** The application that was not there when it was about to be installed: where it is there later, this job did it. */
  installing: z.string().optional(),
  /** Services that could not be told of a change that was made all the same. */
  untold: z.array(untoldService).optional(),
  /** Items of the pool that were made. */
  items: z.number().optional(),
  /** One for each application that was tried. */
  apps: z.array(appRecord).optional(),
  /**
   * How many of the files and folders of the skeleton have been dealt with, in their order: what the owner has removed since
   * does not come back. Set before the first of them is written, so that without it none is there.
   */
  skeletonDone: z.int().min(0).optional(),
  /** Paths of those among them that something else had the place of, which no document tells of: they are tried again. */
  skeletonTaken: z.array(z.string()).optional(),
  /** The archive that was seen to be whole. */
  archive: archiveNote.optional(),
  /**
   * Set once a destruction is about to delete documents of an instance that it has exported: its archive has to be there from
   * then on, for another one would lack them.
   */
  removing: z.boolean().optional(),
  /** Set once a try could not write the skeleton: whoever waits for the instance need not wait for a further one. */
  skeletonFailed: z.boolean().optional(),
  /** How the last try ended, until the next one has recorded something. */
  failedTry: failedTry.optional(),
});

export type Progress = z.infer<typeof progress>;

/** A job that has not begun has no progress, and BullMQ says 0 then. */
export function readProgress(value: unknown): Progress {
  const parsed = progress.safeParse(value);
  return parsed.success ? parsed.data : { stages: [] };
}

/** The progress as it stands in the job's field; that of a job that has not begun where there is none. */
export function parseProgress(text: string | null): Progress {
  try {
    return readProgress(JSON.parse(text ?? '0'));
  } catch {
    return readProgress(undefined);
  }
}

/** What is known as a further try begins: how the last one ended counts no more. */
export function withoutFailedTry({ failedTry: _before, ...rest }: Progress): Progress {
  return rest;
}

/** The stages that are done, in no order. */
export function doneStages({ stages }: Progress): StageName[] {
  return stages.filter(({ state }) => state === 'done').map(({ stage }) => stage);
}

/**
 * The stage that runs. Of several that run side by side, the first one stands for all: it is the one whose failure ends the
 * try where several fail, and a job counts once wherever jobs are counted by their stage.
 */
export function runningStage({ stages }: Progress): StageName | undefined {
  return stages.find(({ state }) => state === 'running')?.stage;
}

/** A stage that was done, and how long it took in milliseconds. */
export interface StageDone {
  readonly stage: StageName;
  readonly ms: number;
}

/** The stages that are done now and were not before, or were done again. */
export function stagesJustDone(before: Progress, now: Progress): StageDone[] {
  return now.stages.flatMap(({ stage, state, startedAt, ms }) => {
    const known = before.stages.find((each) => each.stage === stage);
    const isNew = known?.state !== 'done' || known.startedAt !== startedAt;
    return state === 'done' && ms !== undefined && isNew ? [{ stage, ms }] : [];
  });
}

/** Whether the job has put an instance into use. */
export function hasFinished(progress: Progress): boolean {
  return doneStages(progress).includes('finish');
}

/** The progress with one stage's record put in its place. */
export function withStage(before: Progress, record: StageRecord): Progress {
  const others = before.stages.filter(({ stage }) => stage !== record.stage);
  return { ...before, stages: [...others, record] };
}

/** The progress with one application's record put in its place. */
export function withApp(before: Progress, record: AppRecord): Progress {
  const others = (before.apps ?? []).filter(({ app }) => app !== record.app);
  return { ...before, apps: [...others, record] };
}

/**
 * Writes a field of the job only while the writer still holds the job's lock: BullMQ's own
 * `updateProgress` would let a worker that slept overwrite its twin's (`docs/bullmq.md` §4).
 */
const FENCED_WRITE = script(`
if redis.call('GET', KEYS[1] .. ':lock') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.pcall('PUBLISH', ARGV[4], '${RING.change}')
return 1
`);

/** A field of a job, by its name in Redis, and what it is to be. */
type JobField = [field: 'progress', value: Progress] | [field: 'data', value: SignedPayload];

/**
 * @param change `progress`, or `data` for the payload
 * @returns false when another worker has the lock by now
 */
export async function writeFenced(
  redis: RedisClient,
  keys: Keys,
  job: { readonly id: string; readonly token: string },
  ...[field, value]: JobField
): Promise<boolean> {
  const written = await FENCED_WRITE.run(
    redis,
    [keys.bull(job.id)],
    [job.token, field, JSON.stringify(value), keys.jobChannel(job.id)],
  );
  return written === 1;
}
