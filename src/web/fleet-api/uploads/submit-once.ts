import { createHash } from 'node:crypto';
import { FleetError, InputError } from '../../../errors.ts';
import { createSubmissionKeys } from '../../../jobs/batches/submission-keys.ts';
import type { Fleet } from '../../../jobs/fleet/fleet.ts';

/** How a client says that a submission may be one that it has sent before. */
export interface Repetition {
  /** `Idempotency-Key`: any text of the client's. */
  readonly key: string;
  /** All that was submitted: the same text only for the same submission. */
  readonly content: string;
}

/** Whether a batch was made now, or by an earlier submission of the same. */
export interface OnceSubmitted {
  readonly batch: string;
  readonly isRepeated: boolean;
}

/**
 * Submits something, unless the same was submitted under that key in the last 24 hours.
 * @param submit makes the batch and answers its id
 * @throws InputError `key_reused` when other content came with the key; FleetError `busy` while the same is being
 * submitted; and as `submit`
 */
export async function submitOnce(
  fleet: Pick<Fleet, 'redis' | 'keys' | 'batches'>,
  { key, content }: Repetition,
  submit: () => Promise<string>,
): Promise<OnceSubmitted> {
  const known = createSubmissionKeys(fleet.redis, fleet.keys);
  const digest = createHash('sha256').update(content).digest('hex');
  const answer = await known.take(key, digest);
  switch (answer.state) {
    case 'made':
      if (await isThere(fleet, answer.batchId)) return { batch: answer.batchId, isRepeated: true };
      await known.giveBack(key);
      return await submitOnce(fleet, { key, content }, submit);
    case 'pending':
      throw new FleetError(
        'busy',
        'The same is being submitted with that Idempotency-Key',
        'Ask again in a moment.',
      );
    case 'other':
      throw new InputError('key_reused', 'Something else was submitted with that Idempotency-Key');
    case 'new': {
      const batch = await orGiveBack(submit, () => known.giveBack(key));
      await known.keep(key, digest, batch);
      return { batch, isRepeated: false };
    }
    default:
      return answer satisfies never;
  }
}

/** A batch that Redis has lost is gone with its rows: the same has to be submitted again then. */
async function isThere({ batches }: Pick<Fleet, 'batches'>, id: string): Promise<boolean> {
  try {
    await batches.get(id);
    return true;
  } catch (error) {
    if (error instanceof InputError && error.code === 'unknown_batch') return false;
    throw error;
  }
}

async function orGiveBack(submit: () => Promise<string>, giveBack: () => Promise<void>): Promise<string> {
  try {
    return await submit();
  } catch (error) {
    await giveBack();
    throw error;
  }
}
