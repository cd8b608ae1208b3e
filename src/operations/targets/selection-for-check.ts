import type { CouchServer } from '../../couchdb/server.ts';
import { InputError } from '../../errors.ts';
import { inOrder } from '../../in-order.ts';
import { classifyAll } from '../../instances/lookup/all-instances.ts';
import type { ReadResult } from '../../instances/lookup/classify-document.ts';
import {
  documentPart,
  type InstanceFilter,
  isEmptyFilter,
  matchesDocument,
} from '../../instances/lookup/instance-filter.ts';
import type { UsageServers } from '../../usage/measure-instance.ts';
import { judgeMeasures, type MeasureJudgement, type OnUnmeasured } from '../../usage/measured-filter.ts';
import { findReadResult } from './find-instance.ts';
import { MEASURED_AT_A_TIME } from './meant-instances.ts';

/** How an operator says which instances are to be checked. */
export interface CheckSelection {
  /** Domains or aliases, as typed. */
  readonly names: readonly string[];
  readonly all: boolean;
  readonly filter: InstanceFilter;
}

/** The documents that are to be checked; opened once CouchDB is known to answer. */
export type SelectedDocuments = (
  servers: UsageServers,
  onUnmeasured: OnUnmeasured,
) => AsyncIterable<ReadResult>;

/**
 * Reads which instances are meant: by domain or alias, all, or those of a filter; undefined for none. Documents that
 * cannot be read come too, for nobody can tell whether a filter means them.
 * @throws InputError `bad_choice` for more than one way at a time
 */
export function selectForCheck({ names, all, filter }: CheckSelection): SelectedDocuments | undefined {
  const ways = [names.length > 0, all, !isEmptyFilter(filter)].filter((given) => given);
  if (ways.length > 1) {
    throw new InputError('bad_choice', 'domains, --all and filters exclude each other');
  }
  if (ways.length === 0) return undefined;
  if (names.length > 0) return ({ global }) => named(global, names);
  return (servers, onUnmeasured) => filtered(servers, filter, onUnmeasured);
}

/** All are looked up before the first is given: a name mistyped must not come up after an hour. */
async function* named(global: CouchServer, names: readonly string[]): AsyncGenerator<ReadResult> {
  const found = new Map<string, ReadResult>();
  for (const name of names) {
    const result = await findReadResult(global, name);
    found.set(result.readable ? result.instance._id : result.unreadable._id, result);
  }
  yield* found.values();
}

async function* filtered(
  servers: UsageServers,
  filter: InstanceFilter,
  onUnmeasured: OnUnmeasured,
): AsyncGenerator<ReadResult> {
  const judged = inOrder(classifyAll(servers.global), MEASURED_AT_A_TIME, async function* (result, signal) {
    yield { result, judgement: await judge(result, filter, servers, signal) };
  });
  for await (const { result, judgement } of judged) {
    if (judgement === true) yield result;
    else if (judgement !== false) onUnmeasured(judgement);
  }
}

async function judge(
  result: ReadResult,
  filter: InstanceFilter,
  servers: UsageServers,
  signal: AbortSignal,
): Promise<MeasureJudgement> {
  if (!result.readable) return true;
  if (!matchesDocument(documentPart(filter), result.instance)) return false;
  return await judgeMeasures(filter, result.instance, servers, signal);
}
