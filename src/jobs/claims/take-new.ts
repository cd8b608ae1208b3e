import type { Claim, ClaimAnswer, Claims } from './claims.ts';

/**
 * Takes names for work that nobody else knows of yet. Where Redis does not answer, the claim may be made all the same: it
 * was received without an answer, or is sent again when Redis is back. Nobody would do the work, and whoever asks
 * next would wait until the claim has run out; so it is given back behind it.
 * @throws what Redis says when it is away
 */
export async function takeNew(claims: Claims, claim: Claim, mode: 'add' | 'direct'): Promise<ClaimAnswer> {
  try {
    return await claims.take(claim, mode);
  } catch (error) {
    // Not waited for: that would take as long as Redis is away.
    claims.release(claim.jobId, claim.names).catch(() => undefined);
    throw error;
  }
}
