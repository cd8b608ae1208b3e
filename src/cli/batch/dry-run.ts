import type { Config } from '../../config/config.ts';
import { redisAddress } from '../../config/redis-target.ts';
import { connectFleetRedis } from '../../jobs/connect-fleet-redis.ts';
import { type Couch, checkCouch } from '../couch.ts';
import type { Output } from '../output.ts';
import { count } from './batch-texts.ts';
import type { FileCounts } from './check-file.ts';
import { preflight } from './preflight.ts';

/** What a dry run answers with `--json`. */
export interface DryRun extends FileCounts {
  readonly file: string;
  /** What it would cost, and what is free, in words. */
  readonly preflight: readonly string[];
  readonly fits: boolean;
}

/**
 * Says what a file would do; nothing is queued and nothing is written.
 * @throws FleetError when CouchDB or Redis cannot be used
 */
export async function dryRun(
  config: Config,
  couch: Couch,
  file: string,
  counts: FileCounts,
  output: Output,
): Promise<DryRun> {
  const { lines, warning } = await preflight(config, counts.valid);
  const doubtful = counts.doubtful === 0 ? '' : `; ${count(counts.doubtful)} of the good ones with warnings`;
  output.line(`${file}: ${count(counts.valid)} good rows, ${count(counts.invalid)} bad${doubtful}`);
  for (const line of lines) output.line(`  ${line}`);
  if (warning !== undefined) output.note(warning);
  await checkServers(config, couch, output);
  output.line('Nothing was queued: this was a dry run.');
  return { file, ...counts, preflight: lines, fits: warning === undefined };
}

async function checkServers({ fleet }: Config, couch: Couch, output: Output): Promise<void> {
  for (const server of couch.servers()) {
    await checkCouch(server);
    output.line(`  CouchDB ${server.host} answers`);
  }
  const redis = await connectFleetRedis(fleet, 'command');
  redis.disconnect();
  output.line(`  Redis ${redisAddress(fleet.redis)} answers`);
}
