import type { Claim, ClaimAnswer, Claims } from './claims.ts';

/**
 * Takes names for work that nobody else knows of yet. Where Redis does not answer, the claims may be made all the same: they
 * were received without an answer, or are sent again when Redis is back. Nobody would do the work, and whoever asks
 * next would wait until the claims have run out; so they are given back behind it.
 * @returns an answer for each claim, in their order
 * @throws what Redis says when it is away
 */
export async function takeAllNew(
  claims: Claims,
  wanted: readonly Claim[],
  mode: 'add' | 'direct',
): Promise<ClaimAnswer[]> {
  try {
    return await claims.takeAll(wanted, mode);
  } catch (error) {
    // Not waited for: that would take as long as Redis is away.
    for (const { jobId, names } of wanted) claims.release(jobId, names).catch(() => undefined);
    throw error;
  }
}

/** As `takeAllNew`, for a single claim. */
export async function takeNew(claims: Claims, claim: Claim, mode: 'add' | 'direct'): Promise<ClaimAnswer> {
  const [answer] = await takeAllNew(claims, [claim], mode);
  if (answer === undefined) throw new Error('a claim was not answered');
  return answer;
}
