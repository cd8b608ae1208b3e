import { randomUUID } from 'node:crypto';
import { FleetError } from '../../errors.ts';
import { pause } from '../../pause.ts';
import type { RedisClient } from '../../redis/client.ts';
import { RENEWALS, renewLease } from '../../renew-lease.ts';
import type { Keys } from '../redis/keys.ts';
import { busy } from './busy.ts';
import { ADDING_MS, type Claim, type Claims } from './claims.ts';
import { takeNew } from './take-new.ts';

/** Work that a command does itself, at once, instead of leaving it to a worker. */
export interface DirectWork {
  /** Shown to other commands that want the names meanwhile, such as `modify`. */
  readonly kind: string;
  /** The domain first, then whatever aliases the work is about. */
  readonly names: readonly [string, ...string[]];
  readonly signal?: AbortSignal | undefined;
  /** Ends the waiting for its turn, and nothing once that has come. */
  readonly patience?: AbortSignal | undefined;
  /** Called once, when another command has to end its work first. */
  onWait?(name: string): void;
  /** Milliseconds between two looks at whether the names are still held. */
  readonly renewEveryMs?: number;
}

/** Of the fleet, where names are claimed. */
interface ClaimStore {
  readonly claims: Claims;
  readonly redis: RedisClient;
  readonly keys: Keys;
}

const TURN_POLL_MS = 100;

/**
 * Holds names as a job would, for as long as `work` takes: no job touches the instance meanwhile, and
 * commands take turns. A command that dies keeps its names for a minute.
 * @param work its signal is aborted when the names are lost
 * @throws FleetError `busy` when a job holds one of the names, `lost_names`
 */
export async function holdNames<T>(
  fleet: ClaimStore,
  options: DirectWork,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { kind, names, signal, renewEveryMs = ADDING_MS / RENEWALS } = options;
  const claim: Claim = { jobId: randomUUID(), kind, names, payloadHash: '' };
  await takeTurn(fleet, claim, options);
  const renewal = renewLease({
    durationMs: renewEveryMs * RENEWALS,
    // Without an answer they count as lost: a command is not to go on for as long as they might be held.
    renew: async () => (await fleet.claims.take(claim, 'direct').catch(() => undefined))?.state === 'held',
    loss: () =>
      new FleetError(
        'lost_names',
        `the hold on ${names[0]} was lost while the work was under way`,
        'See what was done, and run the command again.',
      ),
    isLostByClock: false,
  });
  try {
    return await work(signal === undefined ? renewal.lost : AbortSignal.any([signal, renewal.lost]));
  } finally {
    await renewal.stop();
    // The work is done; without this the names are free again after a minute.
    await fleet.claims.release(claim.jobId, names).catch(() => undefined);
  }
}

/** A holder without a job is another command that works itself, or one that is about to add a job. */
async function takeTurn(
  { claims, redis, keys }: ClaimStore,
  claim: Claim,
  { signal, patience, onWait }: DirectWork,
): Promise<void> {
  const wanted = [signal, patience].filter((each) => each !== undefined);
  const ends = AbortSignal.any(wanted);
  for (let waited = false; ; waited = true) {
    ends.throwIfAborted();
    const answer = await takeNew(claims, claim, 'direct');
    switch (answer.state) {
      case 'held':
        return;
      case 'busy':
        if ((await redis.exists(keys.bull(answer.by))) === 1) throw busy({ ...answer, jobId: answer.by });
        if (!waited) onWait?.(answer.name);
        break;
      default:
        throw new Error(`a claim without a job was answered with ${answer.state}`);
    }
    await pause(TURN_POLL_MS, ends);
  }
}
