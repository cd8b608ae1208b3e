import { FleetError } from '../../errors.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import type { SignedPayload } from '../../jobs/kinds/payload.ts';

/** What a job of the fleet is to do, or why it is not to be believed. */
export function signedPayload(
  { signer }: Pick<KeyedFleet, 'signer'>,
  job: FleetJob,
): SignedPayload | FleetError {
  try {
    return signer.read(job);
  } catch (error) {
    if (error instanceof FleetError) return error;
    throw error;
  }
}
