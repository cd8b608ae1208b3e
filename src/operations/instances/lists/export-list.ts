import { chunks } from '../../../chunk.ts';
import type { StoredInstance } from '../../../instances/documents/instance-document.ts';
import type { InstanceFilter } from '../../../instances/lookup/instance-filter.ts';
import { createPrefixIndex } from '../../../instances/lookup/prefix-index.ts';
import { sharingOf } from '../../../instances/lookup/sharing.ts';
import type { ParsingRules } from '../../../instances/options/parse-options.ts';
import { foldedName } from '../../../instances/values/folded-name.ts';
import type { Couch } from '../../connect/couch.ts';
import { settingsOf, sideBySide } from '../../plan/surroundings.ts';
import { meantInstances, type PassingOver } from '../../targets/meant-instances.ts';
import { createdAt } from './created-at.ts';
import { instanceApps } from './instance-apps.ts';
import { heldAsUnmanaged, heldAsUnnamed, isOld } from './judge-unlisted.ts';
import { listCheck } from './list-row.ts';
import { type ListedCells, listedCells } from './listed-cells.ts';
import { type KnownInstance, type ListedFleet, readListedFleet } from './listed-fleet.ts';

/** What is told while a list of what there is is made. */
export type ExportReport =
  /** It is not on the list, and why, in a sentence without a full stop. */
  | {
      readonly event: 'left-out';
      readonly domain: string;
      readonly why: string;
      /** Whether it may be in use by the time the list is applied, so that it must not go for being on no list. */
      readonly mayBeUsed: boolean;
    }
  /** Its row does not say all that it has. */
  | { readonly event: 'unsaid'; readonly domain: string; readonly columns: readonly string[] };

/** Where the instances are, and how the list will be read. */
export interface ExportServices extends Pick<Couch, 'global' | 'cluster'> {
  readonly rules: ParsingRules;
  readonly passedOver: PassingOver;
  report(report: ExportReport): void;
}

/** Instances whose databases are read at a time. */
const PAGE = 200;

/**
 * The instances that a filter means, as a list that asks for just what there is: applied at once, it has nothing to do. What no
 * list decides on is left out, and told.
 */
export async function* exportList(
  services: ExportServices,
  filter: InstanceFilter,
): AsyncGenerator<ListedCells> {
  const { global, passedOver, report } = services;
  const fleet = await readListedFleet(global, undefined);
  const prefixIndex = createPrefixIndex(global);
  const owners = await prefixIndex.refresh();
  const known = new Map(fleet.instances.map((instance) => [instance.seen.id, instance]));
  const oneOfSome = sideBySide();
  for await (const page of chunks(meantInstances(services, filter, passedOver), PAGE)) {
    const rows = await Promise.all(
      page.map((instance) =>
        oneOfSome(async () => {
          const why =
            leftOutFor(instance, known.get(instance._id), fleet) ?? sharingOf(owners, instance)?.message;
          if (why === undefined) return await cellsOf(services, prefixIndex, instance, fleet);
          const mayBeUsed = await mayBeUsedLater(services, instance, known.get(instance._id));
          report({ event: 'left-out', domain: instance.domain, why, mayBeUsed });
          return undefined;
        }),
      ),
    );
    for (const row of rows) if (row !== undefined) yield row;
  }
}

/** Why an instance is on no list. */
function leftOutFor(
  { domain }: StoredInstance,
  known: KnownInstance | undefined,
  fleet: ListedFleet,
): string | undefined {
  if (known === undefined) return `${domain} was made while the list was`;
  return (heldAsUnnamed(known, fleet) ?? heldAsUnmanaged(known))?.message;
}

/** Whether one that is left out may be in use, and old, when the list is applied: only its being on no list is seen then. */
async function mayBeUsedLater(
  { cluster }: Pick<ExportServices, 'cluster'>,
  instance: StoredInstance,
  known: KnownInstance | undefined,
): Promise<boolean> {
  // What is made from now on is younger than the list.
  if (known === undefined) return false;
  switch (known.unmanaged) {
    case 'moved':
    case 'deleting':
      return false;
    case 'reserved':
      return isOld(await createdAt({ cluster }, instance), Date.now());
    case 'importing':
    case undefined:
      return true;
    default:
      return known.unmanaged satisfies never;
  }
}

async function cellsOf(
  services: ExportServices,
  prefixIndex: ReturnType<typeof createPrefixIndex>,
  instance: StoredInstance,
  fleet: ListedFleet,
): Promise<ListedCells | undefined> {
  const { global, cluster, rules, report } = services;
  const { domain } = instance;
  const [settings, apps] = await Promise.all([
    settingsOf({ global, cluster, prefixIndex, openServers: [] }, instance),
    instanceApps({ cluster }, instance),
  ]);
  const aliases = (instance.domain_aliases ?? []).filter((alias) => isOwnAlias(alias, instance, fleet));
  const isCrossed = aliases.length < (instance.domain_aliases ?? []).length;
  // Two rows with one name, or one person, are refused.
  const isShared = instance.uuid !== undefined && fleet.withUuid(instance.uuid).length > 1;
  const shown = {
    ...instance,
    ...(isCrossed && { domain_aliases: [] }),
    ...(isShared && { uuid: '' }),
  };
  const row = listedCells(shown, settings, [...apps.slugs], listCheck(rules, {}));
  if (row === undefined) {
    report({ event: 'left-out', domain, why: `${domain} cannot be written in a list`, mayBeUsed: true });
    return undefined;
  }
  const columns = [...row.unsaid, ...(isCrossed ? ['domain-aliases'] : []), ...(isShared ? ['uuid'] : [])];
  if (columns.length > 0) report({ event: 'unsaid', domain, columns });
  return row;
}

/** Whether an alias is nobody else's: two rows with one name are refused. */
function isOwnAlias(alias: string, { _id: id, domain }: StoredInstance, fleet: ListedFleet): boolean {
  if (foldedName(alias) === foldedName(domain)) return false;
  const others = [...fleet.withDomain(alias), ...fleet.withOtherName(alias, 'alias')];
  return others.every(({ seen }) => seen.id === id);
}
