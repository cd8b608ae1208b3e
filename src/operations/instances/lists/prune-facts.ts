import { chunks } from '../../../chunk.ts';
import { classifyByIds } from '../../../instances/lookup/lookup.ts';
import { dateId } from '../../../jobs/dates/date-document.ts';
import { createDateStore } from '../../../jobs/dates/date-store.ts';
import type { PlanServices } from '../../plan/plan-rows.ts';
import { sideBySide } from '../../plan/surroundings.ts';
import { createdAt } from './created-at.ts';
import { changedSince } from './instance-changes.ts';
import type { PruneFacts } from './judge-unlisted.ts';
import type { KnownInstance } from './listed-fleet.ts';

/** Of which state of the instances a list is. */
export interface ListMoment {
  /** In milliseconds since 1970. */
  readonly listTime: number;
  /** Up to which change of instances it knows them, as it says itself; undefined for a list that is none of our exports. */
  readonly since: string | undefined;
}

type Services = Pick<PlanServices, 'global' | 'cluster' | 'signal'>;

/** Instances whose documents are read at a time. */
const PAGE = 200;

/**
 * What is known of instances that may be pruned, beside their documents. They have to be read before: what changes after that
 * is found here.
 * @param file the list, as it is shown
 * @throws InputError `list_sequence`
 */
export async function readPruneFacts(
  services: Services,
  instances: readonly KnownInstance[],
  { listTime, since }: ListMoment,
  joined: ReadonlySet<string>,
  file: string,
): Promise<(instance: KnownInstance) => PruneFacts> {
  const { global, signal } = services;
  const ages = await agesOf(services, instances);
  const dates = await createDateStore(global).lookUp(
    instances.map(({ seen }) => dateOf(seen.id)),
    signal,
  );
  const changed = since === undefined ? new Set() : await changedSince(global, since, file, signal);
  return ({ seen: { id } }) => ({
    listTime,
    createdAt: ages.get(id),
    hasChanged: changed.has(id),
    date: dates.get(dateOf(id)),
    joined,
  });
}

function dateOf(instanceId: string): string {
  return dateId('destroy', instanceId);
}

/** When instances were made, by the ids of their documents, as far as that can be told. */
async function agesOf(
  services: Services,
  instances: readonly KnownInstance[],
): Promise<ReadonlyMap<string, number>> {
  const ages = new Map<string, number>();
  const oneOfSome = sideBySide();
  for await (const page of chunks(instances, PAGE)) {
    const ids = page.map(({ seen }) => seen.id);
    const documents = await classifyByIds(services.global, ids, services.signal);
    await Promise.all(
      [...documents].map(([id, result]) =>
        oneOfSome(async () => {
          if (!result.readable) return;
          const at = await createdAt(services, result.instance, services.signal);
          if (at !== undefined) ages.set(id, at);
        }),
      ),
    );
  }
  return ages;
}
