import type { BatchSummary } from '../../src/operations/batches/batch-state.ts';
import type { CliPlatform } from './cli-platform.ts';

/** Submits a file of these lines and answers what `--json` says. */
export async function submit(
  platform: CliPlatform,
  name: string,
  lines: readonly string[],
  ...argv: string[]
): Promise<BatchSummary> {
  const file = await platform.write(name, lines);
  const { stdout } = await platform.run('instances', 'add', '--from', file, '--json', ...argv);
  return JSON.parse(stdout);
}
