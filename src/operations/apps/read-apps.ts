import { inOrder } from '../../in-order.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { measureWhatIsThere, type Reading, type UsageServers } from '../../usage/measure-instance.ts';
import type { StoredApp } from '../../usage/stored-apps.ts';

/** The applications of one instance, or why they could not be read. */
export type AppsReading =
  | { readonly readable: true; readonly domain: string; readonly apps: readonly StoredApp[] }
  | { readonly readable: false; readonly domain: string; readonly code: string; readonly problem: string };

/** Instances that are read at a time: two short requests each. */
const AT_A_TIME = 8;

const APPS: ReadonlySet<Reading> = new Set(['apps']);

/**
 * Reads the applications of instances, some at a time, in the order of the instances. What is wrong with one instance
 * is told in its place.
 * @throws CouchError where a server does not answer, or refuses our credentials
 */
export function readApps(
  instances: AsyncIterable<StoredInstance>,
  servers: UsageServers,
): AsyncGenerator<AppsReading, void, undefined> {
  return inOrder(instances, AT_A_TIME, async function* (instance, signal) {
    yield await readingOf(instance, servers, signal);
  });
}

async function readingOf(
  instance: StoredInstance,
  servers: UsageServers,
  signal: AbortSignal,
): Promise<AppsReading> {
  const { domain } = instance;
  const { measures, problems, outside } = await measureWhatIsThere(instance, APPS, servers, signal);
  const [wrong] = problems;
  if (outside !== undefined) return { readable: true, domain, apps: [] };
  if (wrong === undefined) return { readable: true, domain, apps: measures.apps ?? [] };
  return { readable: false, domain, code: wrong.code, problem: wrong.problem };
}
