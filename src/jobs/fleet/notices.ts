import { createHmac } from 'node:crypto';
import { FleetError } from '../../errors.ts';
import { derivedKey, seal, unseal } from './seal.ts';

// What notices of batches need of the fleet's key: addresses may hold credentials, and receivers want to know who speaks.

/** The address to notify, as it may lie in Redis. @param key of the fleet, base64 of 32 bytes (`fleet-record.ts`) */
export function sealAddress(key: string, url: string): string {
  return seal(addressKey(key), url);
}

/** The address again; undefined for what this fleet has not sealed. */
export function openAddress(key: string, sealed: string): string | undefined {
  try {
    const url = unseal(addressKey(key), sealed);
    return typeof url === 'string' ? url : undefined;
  } catch (error) {
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}

/** The secret by which receivers know notices of this fleet, and can make them: 64 hexadecimal digits. */
export function noticeKey(key: string): string {
  return derivedKey(key, 'signature of a notice').toString('hex');
}

/**
 * What a notice is signed with: `t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body" in hexadecimal digits>`.
 * @param secret as `noticeKey` gives it; its text is the key
 * @param seconds since 1970
 */
export function noticeSignature(secret: string, seconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

function addressKey(key: string): string {
  return derivedKey(key, 'seal of an address to notify').toString('base64');
}
