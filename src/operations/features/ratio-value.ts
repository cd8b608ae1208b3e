import { crc32 } from 'node:zlib';

const MOST_UINT32 = 2 ** 32 - 1;

/**
 * What the flag of a context is for one instance (`applyRatio` in `model/feature/flag.go` of the stack,
 * `docs/cozy-data.md` §2.4). Instances are spread over the items by a checksum, each flag otherwise.
 * @param id `_id` of the instance's document
 * @param items list of `{ratio, value}` as the document of the context has it, whatever that may be
 * @returns undefined where the flag says nothing for that instance, so that a lower source counts
 */
export function ratioValue(id: string, flag: string, items: unknown): unknown {
  if (!Array.isArray(items)) return undefined;
  let sum = crc32(`${id}:${flag}`);
  for (const item of items) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) continue;
    const { ratio, value }: { ratio?: unknown; value?: unknown } = item;
    if (typeof ratio !== 'number' || ratio === 0) continue;
    const part = uint32(ratio * MOST_UINT32);
    if (ratio === 1 || part >= sum) return value ?? undefined;
    sum -= part;
  }
  return undefined;
}

const MOST_INT64 = 2 ** 63;

/** What Go on x86 makes of a number: cut to 64 bits, of which the lower half stays. Only ratios beyond 0 and 1 need it. */
function uint32(value: number): number {
  if (Math.abs(value) >= MOST_INT64) return 0;
  return Number(BigInt.asUintN(32, BigInt(Math.trunc(value))));
}
