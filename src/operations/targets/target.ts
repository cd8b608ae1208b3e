import type { CouchServer } from '../../couchdb/server.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { ReadResult, Unreadable } from '../../instances/lookup/classify-document.ts';
import { classifyIfAny } from '../../instances/lookup/lookup.ts';
import type { OriginalColumns } from '../../jobs/fleet/original-rows.ts';
import type { ExpectedInstance } from '../../jobs/kinds/envelope.ts';

/** An instance that a command is to work on, as it was when the operator looked. */
export interface Target {
  /** Line in the operator's file, or its place in the list, from 1. */
  readonly row: number;
  /** Normalised. */
  readonly domain: string;
  /** Absent when there is no such instance. */
  readonly seen?: ExpectedInstance;
  /** The row of a file that names it; absent where none does. */
  readonly original?: OriginalColumns;
}

/** @param row place in the list, from 1 */
export function targetOf(instance: StoredInstance, row: number): Target {
  const { _id: id, domain } = instance;
  return { row, domain, seen: { id, incarnation: incarnationOf(instance) } };
}

/** One whose document cannot be read: its job is refused as `unreadable`, and as another life once it was corrected. */
export function unreadableTarget({ _id, domain }: Unreadable, row: number): Target {
  return { row, domain, seen: { id: _id, incarnation: incarnationOf({}) } };
}

/** A domain and where it was written. */
export interface WrittenDomain {
  readonly row: number;
  readonly domain: string;
}

/** Finds out which instances these domains are now, in one request. Aliases do not count. */
export async function lookUp<Written extends WrittenDomain>(
  global: CouchServer,
  written: readonly Written[],
): Promise<(Written & Target)[]> {
  const domains = written.map(({ domain }) => domain);
  const found = new Map<string, ReadResult>();
  const instances = await classifyIfAny(global, domains);
  // Of two documents with one domain the first one counts, as in the stack (`docs/cozy-data.md` §7).
  for (const result of instances) {
    const { domain } = result.readable ? result.instance : result.unreadable;
    if (!found.has(domain)) found.set(domain, result);
  }
  return written.map((each) => {
    const result = found.get(each.domain);
    if (result === undefined) return each;
    const { row } = each;
    return {
      ...each,
      ...(result.readable ? targetOf(result.instance, row) : unreadableTarget(result.unreadable, row)),
    };
  });
}
