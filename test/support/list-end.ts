import { unlessNoDatabase } from '../../src/couchdb/errors.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import type { CliPlatform } from './cli-platform.ts';

/** The last line of a CSV list of this moment, as an export would end it. */
export async function endOf({ server }: Pick<CliPlatform, 'server'>, rows: number): Promise<string> {
  const { sequence = '0' } = (await unlessNoDatabase(server.databaseFacts(INSTANCES))) ?? {};
  return `# end since ${sequence} rows ${rows} ${new Date().toISOString()}`;
}
