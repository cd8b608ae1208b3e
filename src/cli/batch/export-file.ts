import { unlessNoDatabase } from '../../couchdb/errors.ts';
import { SETTINGS } from '../../instances/doctypes.ts';
import { type Recognition, recognize } from '../../instances/identity.ts';
import { instanceState } from '../../instances/instance-document.ts';
import type { Scheme } from '../../instances/link.ts';
import { findByNames, type StoredInstance } from '../../instances/lookup.ts';
import type { InstanceOptions } from '../../instances/options.ts';
import { databaseName, databasePrefix } from '../../instances/prefix.ts';
import { SETTINGS_ID } from '../../instances/settings-document.ts';
import type { Couch } from '../couch.ts';
import { pagesOf } from '../pages.ts';
import { registrationOf } from '../registration.ts';
import type { InvalidRow, ValidRow } from '../rows/check-rows.ts';
import type { ExportedRow } from './export-row.ts';

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
  for await (const page of pagesOf(validRows(rows, onInvalid), PAGE)) {
    const names = page.flatMap(({ options: { domain, aliases } }) => [domain, ...aliases]);
    const owners = ownersByName(await instancesNamed(couch, names));
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

/** A CouchDB on which nothing was made yet has no `global/instances`. */
async function instancesNamed({ global }: Couch, names: readonly string[]): Promise<StoredInstance[]> {
  return (await unlessNoDatabase(findByNames(global, names))) ?? [];
}

function ownersByName(instances: readonly StoredInstance[]): ReadonlyMap<string, StoredInstance> {
  return new Map(
    instances.flatMap((instance) =>
      [...(instance.domain_aliases ?? []), instance.domain].map((name) => [name, instance] as const),
    ),
  );
}

async function exported(
  couch: Couch,
  options: InstanceOptions,
  owners: ReadonlyMap<string, StoredInstance>,
  scheme: Scheme,
): Promise<ExportedRow> {
  const { domain, aliases } = options;
  const instance = owners.get(domain);
  if (instance === undefined) {
    const other = aliases.map((alias) => owners.get(alias)).find((owner) => owner !== undefined);
    if (other === undefined) return { domain, status: 'missing' };
    return { domain, status: 'taken', error: `${other.domain} has an alias of it` };
  }
  if (instance.domain !== domain) {
    return { domain, status: 'taken', error: `it is an alias of ${instance.domain}` };
  }
  const state = instanceState(instance);
  if (state === 'provisioning' || state === 'deleting') return { domain, status: state };
  const recognition = await whoseIs(couch, options, instance);
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
  couch: Couch,
  options: InstanceOptions,
  instance: StoredInstance,
): Promise<Recognition> {
  const database = databaseName(databasePrefix(instance), SETTINGS);
  const reading = couch.cluster(instance.couch_cluster).getDocument(database, SETTINGS_ID);
  const settings = (await unlessNoDatabase(reading)) ?? {};
  return recognize(options, instance, settings);
}
