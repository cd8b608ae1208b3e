import { randomBytes } from 'node:crypto';
import type { RandomBytes } from './random-bytes.ts';

/**
 * A UUID of version 7 (RFC 9562 §5.7): 48 bits of time, then random bits.
 *
 * @param time milliseconds since 1970.
 */
export function uuidV7(time: number = Date.now(), random: RandomBytes = randomBytes): string {
  const bytes = Buffer.from(random(16));
  bytes.writeUIntBE(time, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
