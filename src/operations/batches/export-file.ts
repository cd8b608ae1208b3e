import { chunks } from '../../chunk.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { SETTINGS } from '../../instances/databases/databases.ts';
import { databaseName, databasePrefix } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { instanceState } from '../../instances/documents/instance-state.ts';
import { SETTINGS_ID } from '../../instances/documents/settings-document.ts';
import type { Scheme } from '../../instances/domains/registration-link.ts';
import { describeUnreadable, type ReadResult } from '../../instances/lookup/classify-document.ts';
import { clusterIfAny } from '../../instances/lookup/cluster-at.ts';
import { classifyIfAny } from '../../instances/lookup/lookup.ts';
import { registrationOf } from '../../instances/lookup/registration.ts';
import { type Recognition, recognize } from '../../instances/lookup/same-person.ts';
import type { InstanceOptions } from '../../instances/options/options.ts';
import type { Couch } from '../connect/couch.ts';
import type { InvalidRow, ValidRow } from '../input/check-rows.ts';
import type { ExportedRow } from './export-batch.ts';

/** Rows whose instances are looked up at a time. */
const PAGE = 100;

const NO_TOKEN = 'no token: the row gives no uuid, oidc_id or email by which the owner is known';

/**
 * What became of the rows of a file, told from CouchDB alone: for when Redis was lost. A token is given
 * only where the row gives an id or an address by which the instance's owner is recognized.
 */
export async function* exportFile(
  couch: Couch,
  rows: AsyncIterable<ValidRow | InvalidRow>,
  scheme: Scheme,
  onInvalid: (row: InvalidRow) => void,
): AsyncGenerator<ExportedRow> {
  for await (const page of chunks(validRows(rows, onInvalid), PAGE)) {
    const names = page.flatMap(({ options: { domain, aliases } }) => [domain, ...aliases]);
    const owners = ownersByName(await classifyIfAny(couch.global, names));
    yield* await Promise.all(page.map(({ options }) => exported(couch, options, owners, scheme)));
  }
}

async function* validRows(
  rows: AsyncIterable<ValidRow | InvalidRow>,
  onInvalid: (row: InvalidRow) => void,
): AsyncGenerator<ValidRow> {
  for await (const row of rows) {
    if (row.kind === 'valid') yield row;
    else onInvalid(row);
  }
}

function ownersByName(documents: readonly ReadResult[]): ReadonlyMap<string, ReadResult> {
  return new Map(documents.flatMap((result) => namesOf(result).map((name) => [name, result] as const)));
}

/** Its domain last, which counts for more than another's alias. */
function namesOf(result: ReadResult): string[] {
  if (!result.readable) return [result.unreadable.domain];
  const { domain, domain_aliases: aliases = [] } = result.instance;
  return [...aliases, domain];
}

async function exported(
  couch: Couch,
  options: InstanceOptions,
  owners: ReadonlyMap<string, ReadResult>,
  scheme: Scheme,
): Promise<ExportedRow> {
  const { domain, aliases } = options;
  const result = owners.get(domain) ?? aliases.map((alias) => owners.get(alias)).find(Boolean);
  if (result === undefined) return { domain, status: 'missing' };
  if (!result.readable) {
    return { domain, status: 'unreadable', error: describeUnreadable(result.unreadable) };
  }
  const { instance } = result;
  if (!owners.has(domain)) {
    return { domain, status: 'taken', error: `${instance.domain} has an alias of it` };
  }
  if (instance.domain !== domain) {
    return { domain, status: 'taken', error: `it is an alias of ${instance.domain}` };
  }
  const state = instanceState(instance);
  if (state === 'provisioning' || state === 'deleting') return { domain, status: state };
  const server = clusterIfAny(couch.cluster, instance.couch_cluster);
  if (server === undefined) {
    const error = `it is on CouchDB cluster ${instance.couch_cluster}, which is not configured`;
    return { domain, status: 'wrong_cluster', error };
  }
  const recognition = await whoseIs(server, options, instance);
  switch (recognition) {
    case 'by-id':
    case 'by-address':
      return { domain, status: 'created', ...registrationOf(instance, scheme) };
    case 'unproven':
      return { domain, status: 'created', error: NO_TOKEN };
    case 'other':
      return { domain, status: 'taken', error: 'it belongs to somebody else' };
    default:
      return recognition satisfies never;
  }
}

async function whoseIs(
  server: CouchServer,
  options: InstanceOptions,
  instance: StoredInstance,
): Promise<Recognition> {
  const database = databaseName(databasePrefix(instance), SETTINGS);
  const reading = server.getDocument(database, SETTINGS_ID);
  const settings = (await unlessNoDatabase(reading)) ?? {};
  return recognize(options, instance, settings);
}
