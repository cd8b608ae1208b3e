import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from '../../canonical-json.ts';
import { FleetError } from '../../errors.ts';
import { type Payload, parsePayload, type Signed, type SignedPayload } from '../kinds/payload.ts';
import { derivedKey } from './seal.ts';

/** A job as it lies in Redis, where anybody may have put it. */
export interface QueuedJob {
  readonly id?: string | undefined;
  readonly data: unknown;
}

/**
 * Tells what commands and workers of the fleet wrote into Redis from what anybody else did. Whoever reaches
 * Redis can queue jobs; the key is in CouchDB.
 */
export interface Signer {
  sign<Each extends Payload>(jobId: string, payload: Each): Signed<Each>;
  /**
   * The payload of a job, once it is known that it was written for this very job.
   * @throws FleetError `bad_payload`, naming the field; `forged`
   */
  read(job: QueuedJob): SignedPayload;
}

/**
 * A signature covers the id of the job and the whole payload but the generation, which `jobs retry` counts up without
 * CouchDB: it says how often work is to be looked at again, never what is to be done.
 * @param key of the fleet, base64 of 32 bytes (`fleet-record.ts`)
 */
export function createSigner(key: string): Signer {
  const ownKey = createSecretKey(derivedKey(key, 'signature of a job'));

  function digest(jobId: string, payload: Payload): Buffer {
    return createHmac('sha256', ownKey)
      .update(canonicalJson([jobId, coveredOf(payload)]))
      .digest();
  }

  return {
    sign(jobId, payload) {
      return { ...payload, mac: digest(jobId, payload).toString('base64url') };
    },
    read({ id = '', data }) {
      const payload = parsePayload(data);
      const signed = asSigned(payload);
      const given = Buffer.from(signed.mac, 'base64url');
      const expected = digest(id, payload);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw forged();
      return signed;
    },
  };
}

/** Members that are undefined have no part in canonical JSON. */
function coveredOf(payload: Payload): object {
  return { ...payload, mac: undefined, generation: undefined };
}

/** A payload that says that it is signed; whether that is true, only its fleet's key tells. @throws FleetError `forged` */
export function asSigned<Each extends Payload>(payload: Each): Signed<Each> {
  const { mac } = payload;
  if (mac === undefined) throw unsigned();
  return { ...payload, mac };
}

function unsigned(): FleetError {
  return new FleetError(
    'forged',
    'the job is not signed: an earlier version queued it, or nobody of the fleet did',
    'If it was yours, submit it again with this version of cozy-fleet.',
  );
}

function forged(): FleetError {
  return new FleetError(
    'forged',
    'the job was not queued by a command of this fleet, or was changed or copied since',
    'See who else can reach Redis. If it was yours, submit it again on the CouchDB that the workers use.',
  );
}
