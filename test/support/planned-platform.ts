import { SETTINGS } from '../../src/instances/databases/databases.ts';
import { databaseName, prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import type { InstanceDocument } from '../../src/instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../../src/instances/documents/settings-document.ts';
import { optionsHash } from '../../src/instances/options/options.ts';
import { parseInstanceOptions } from '../../src/instances/options/parse-options.ts';
import type { CliPlatform } from './cli-platform.ts';
import { putInstances } from './put-instances.ts';

/** An instance that is put there without its other databases. */
export interface PutInstance extends Partial<InstanceDocument> {
  readonly domain: string;
  /** Of its settings document. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Writes instances with their settings, and no other database: what a plan looks at. */
export async function putWithSettings(
  { server }: Pick<CliPlatform, 'server'>,
  instances: readonly PutInstance[],
): Promise<void> {
  await putInstances(
    server,
    instances.map(({ settings: _, ...document }) => ({
      _id: reservationId(document.domain),
      prefix: prefixOf(document.domain),
      cli_secret: Buffer.from(document.domain).toString('base64'),
      ...document,
    })),
  );
  for (const { domain, settings = {} } of instances) {
    const database = databaseName(prefixOf(domain), SETTINGS);
    await server.createDatabase(database);
    await server.putDocument(database, { _id: SETTINGS_ID, ...settings });
  }
}

/** The document that a creation with these options leaves until it is done. */
export function reservationOf(domain: string, raw: Readonly<Record<string, string>> = {}): PutInstance {
  const { options } = parseInstanceOptions({ ...raw, domain }, { subdomains: 'flat', clusters: 1 });
  return { domain, blocked: true, blocking_reason: `PROVISIONING:${optionsHash(options)}` };
}
