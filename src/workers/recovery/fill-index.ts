import { FleetError } from '../../errors.ts';
import { fence, type RowState } from '../../jobs/batches/row-state.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import { placeOf } from '../../jobs/index/place.ts';
import { isEnded, type SignedPayload } from '../../jobs/kinds/payload.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { recordEndOfJob } from './reconcile.ts';

/** Batches, and jobs of each of the queue's sets, that are looked at in one step. */
const STEP_BATCHES = 20;
const STEP_JOBS = 1_000;

/** Jobs that are read at a time. */
const PAGE_JOBS = 200;

/** Rows that one script looks at. */
const PAGE_ROWS = 200;

/** States of rows that are kept by cause. */
const WITH_CAUSE: readonly RowState[] = ['retrying', 'incomplete', 'failed', 'cancelled'];

/** Where jobs are, in the queue's words. What leaves these sets meanwhile is entered by its own report. */
const QUEUE_SETS = ['prioritized', 'waiting', 'delayed', 'active', 'failed', 'completed'] as const;

const PHASES = ['batches', ...QUEUE_SETS] as const;

type Phase = (typeof PHASES)[number];

/** What is written once all is entered; another version of the index would write another number. */
const FILLED = 'filled 1';

/**
 * Enters jobs and batches of an earlier version into the index, some at a time, until all have been looked at once. May be
 * repeated, and be done by several workers.
 * @returns whether all have been looked at
 */
export async function fillIndex(fleet: KeyedFleet): Promise<boolean> {
  const { redis, keys } = fleet;
  const known = await redis.get(keys.indexFill);
  if (known === FILLED) return true;
  const { phase, from } = readStep(known);
  const size = phase === 'batches' ? STEP_BATCHES : STEP_JOBS;
  const looked = phase === 'batches' ? await enterBatches(fleet, from) : await enterJobs(fleet, phase, from);
  // Read from the newest: what comes meanwhile makes some be looked at twice, and none be missed.
  const next = looked < size ? PHASES[PHASES.indexOf(phase) + 1] : phase;
  const step = next === undefined ? FILLED : `${next} ${next === phase ? from + looked : 0}`;
  await redis.set(keys.indexFill, step);
  return next === undefined;
}

function readStep(text: string | null): { readonly phase: Phase; readonly from: number } {
  const [, name, from] = /^([a-z]+) (\d{1,9})$/.exec(text ?? '') ?? [];
  const phase = PHASES.find((each) => each === name);
  return phase === undefined ? { phase: 'batches', from: 0 } : { phase, from: Number(from) };
}

async function enterBatches({ redis, keys, batches }: KeyedFleet, from: number): Promise<number> {
  const ids = await redis.zrevrange(keys.batches, from, from + STEP_BATCHES - 1);
  for (const id of ids) {
    try {
      await batches.indexRows(id, []);
      const choice = { states: WITH_CAUSE, stages: [], codes: [] };
      for await (const page of batches.chosen(id, choice, { way: 'up', row: 0 }, PAGE_ROWS)) {
        await batches.indexRows(
          id,
          page.map(({ row }) => row),
        );
      }
    } catch (error) {
      // What somebody has broken keeps no other batch from being entered.
      if (!(error instanceof Error && error.message.includes('WRONGTYPE'))) throw error;
    }
  }
  return ids.length;
}

async function enterJobs(fleet: KeyedFleet, set: (typeof QUEUE_SETS)[number], from: number): Promise<number> {
  let looked = 0;
  while (looked < STEP_JOBS) {
    const start = from + looked;
    const ids = await fleet.queue.getRanges([set], start, start + PAGE_JOBS - 1);
    await Promise.all(ids.map((id) => enterJob(fleet, id, set)));
    looked += ids.length;
    if (ids.length < PAGE_JOBS) break;
  }
  return looked;
}

async function enterJob(fleet: KeyedFleet, id: string, set: (typeof QUEUE_SETS)[number]): Promise<void> {
  const job = await readJob(fleet.queue, id);
  if (job === undefined || job === 'unreadable') return;
  const payload = readable(fleet, job);
  if (payload?.batch !== undefined) return;
  if (job.finishedOn) {
    await recordEndOfJob(fleet, job);
    return;
  }
  const started = job.attemptsStarted;
  const state = set === 'active' ? 'active' : started > 0 ? 'retrying' : 'waiting';
  const generation = payload === undefined || isEnded(payload) ? 0 : payload.generation;
  const cause = state === 'retrying' ? { code: 'unknown' } : {};
  await fleet.index.move(id, placeOf(job.name, state, cause), fence(generation, started, state));
}

/** The payload, where it is to be believed. */
function readable({ signer }: KeyedFleet, job: FleetJob): SignedPayload | undefined {
  try {
    return signer.read(job);
  } catch (error) {
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}
