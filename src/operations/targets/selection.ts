import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { chunks } from '../../chunk.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { InputError } from '../../errors.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import type { Unreadable } from '../../instances/lookup/classify-document.ts';
import {
  describeFilter,
  type InstanceFilter,
  isEmptyFilter,
} from '../../instances/lookup/instance-filter.ts';
import { INSTANCE_FLAGS } from '../../instances/options/flags.ts';
import { InvalidOptions } from '../../instances/options/parse-options.ts';
import type { UsageServers } from '../../usage/measure-instance.ts';
import type { Unmeasured } from '../../usage/measured-filter.ts';
import { checkFile, type FileCounts, type FileReport, refuseInvalidRows } from '../input/check-file.ts';
import type { GoodRow, RowCheck } from '../input/check-rows.ts';
import { openRowFile } from '../input/row-file.ts';
import type { InputSource } from '../input/spool.ts';
import { meantInstances } from './meant-instances.ts';
import { lookUp, type Target, targetOf, type WrittenDomain } from './target.ts';

/** How an operator says which instances are meant. */
export interface Selection {
  /** As typed. */
  readonly domains: readonly string[];
  /** Path of a file, `-` for `stdin`, or a stream. */
  readonly from: InputSource | undefined;
  readonly filter: InstanceFilter;
  /** Whether all instances are meant where nothing else is said. */
  readonly all?: boolean;
  readonly skipInvalid: boolean;
}

/** The one instance that is named and nothing beside it: it is worked on without a batch. */
export function onlyDomain({ domains, from, filter, all = false }: Selection): string | undefined {
  const isOne = domains.length === 1 && from === undefined && isEmptyFilter(filter) && !all;
  return isOne ? domains[0] : undefined;
}

/** The instances a batch is about; they are looked up when they are read. */
export interface Targets<Each extends Target = Target> {
  /** What to call the batch. */
  readonly name: string;
  /** In words, for a question. */
  readonly described: string;
  readonly total: number;
  readonly invalid: number;
  /** Documents and instances of which nobody can tell whether they are meant. */
  readonly passedOver: number;
  /** What an instance must still be when its turn comes. */
  readonly filter: InstanceFilter | undefined;
  pages(): AsyncIterable<readonly Each[]>;
  close(): Promise<void>;
}

/** What is told while instances are selected. */
export type SelectionReport =
  | FileReport
  /** A document of which nobody can tell whether it is meant. */
  | { readonly event: 'unreadable'; readonly unreadable: Unreadable }
  /** An instance of which nobody can tell whether a filter means it. */
  | { readonly event: 'unmeasured'; readonly unmeasured: Unmeasured };

/** Where instances are looked up, and what a selection is read from. */
export interface SelectionServices extends UsageServers {
  /** Read where a file is named `-`. */
  readonly stdin: Readable;
  report(report: SelectionReport): void;
  /** Told what a file holds once it was checked, before rows that are not good are refused. */
  onCounted?(counts: FileCounts): void;
}

/** Instances that are looked up, and queued, at a time. */
const PAGE = 200;

/**
 * Finds out which instances are meant: by name, those of a file, or those of a filter. Exactly what was
 * counted is what comes: an instance that meets the filter later is not among them.
 * @throws InputError when it is not one of these ways, or a row or domain is not good
 */
export async function selectTargets(selection: Selection, io: SelectionServices): Promise<Targets> {
  const { domains, from, filter, all = false } = selection;
  const ways = [domains.length > 0, from !== undefined, !isEmptyFilter(filter) || all];
  if (ways.filter(Boolean).length !== 1) {
    throw new InputError('bad_choice', 'Name the instances in one way: domains, --from or filters');
  }
  if (from !== undefined) return await ofFile(from, selection.skipInvalid, io);
  if (domains.length > 0) return ofDomains(domains, io);
  return await ofFilter(filter, io);
}

function ofDomains(typed: readonly string[], { global }: SelectionServices): Targets {
  const domains = [...new Set(typed.map((each) => normaliseDomain(each, 'nested')))];
  const rows = domains.map((domain, at) => ({ row: at + 1, domain }));
  return {
    name: domains.length === 1 ? (domains[0] ?? '') : `${domains[0]} and others`,
    described: domains.join(', '),
    total: rows.length,
    invalid: 0,
    passedOver: 0,
    filter: undefined,
    pages: () => lookedUp(rows, global),
    close: async () => undefined,
  };
}

async function ofFile(from: InputSource, skipInvalid: boolean, io: SelectionServices): Promise<Targets> {
  return await selectRows({ from, skipInvalid, check: domainCheck, columns: INSTANCE_FLAGS }, io);
}

/** A file whose rows each name an instance, and say what is to be done to it. */
export interface RowSelection<Parsed> {
  /** Path, `-` for `stdin`, or a stream. */
  readonly from: InputSource;
  readonly skipInvalid: boolean;
  readonly check: RowCheck<Parsed>;
  /** Columns that may occur; `domain` among them. */
  readonly columns: readonly string[];
  /** Told every good row while the file is checked. */
  onValid?(row: GoodRow<Parsed>): void;
}

/**
 * The rows of a file with the instances that they name; all are checked before the first comes.
 * @throws InputError when it cannot be read, or a row is not good
 */
export async function selectRows<Parsed extends DomainRow>(
  { from, skipInvalid, check, columns, onValid }: RowSelection<Parsed>,
  { global, stdin, report, onCounted }: SelectionServices,
): Promise<Targets<Parsed & Target>> {
  const file = await openRowFile(from, stdin, check, columns);
  try {
    const counts = await checkFile(file, report, onValid);
    onCounted?.(counts);
    refuseInvalidRows(counts, file.name, skipInvalid);
    return {
      name: basename(file.name),
      described: `of ${file.name}`,
      total: counts.valid,
      invalid: counts.invalid,
      passedOver: 0,
      filter: undefined,
      pages: () => lookedUp(numbered(file.goodPages()), global),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function ofFilter(filter: InstanceFilter, io: SelectionServices): Promise<Targets> {
  const targets: Target[] = [];
  let passedOver = 0;
  const instances = meantInstances(io, filter, {
    onUnreadable(unreadable) {
      passedOver += 1;
      io.report({ event: 'unreadable', unreadable });
    },
    onUnmeasured(unmeasured) {
      if (unmeasured.isFault) passedOver += 1;
      io.report({ event: 'unmeasured', unmeasured });
    },
  });
  for await (const instance of instances) targets.push(targetOf(instance, targets.length + 1));
  return {
    name: describeFilter(filter),
    described: `(${describeFilter(filter)})`,
    total: targets.length,
    invalid: 0,
    passedOver,
    filter: isEmptyFilter(filter) ? undefined : filter,
    pages: () => chunks(targets, PAGE),
    close: async () => undefined,
  };
}

async function* numbered<Parsed>(
  pages: AsyncIterable<readonly GoodRow<Parsed>[]>,
): AsyncGenerator<Parsed & { row: number }> {
  for await (const page of pages) for (const row of page) yield { ...row, row: row.line };
}

async function* lookedUp<Written extends WrittenDomain>(
  rows: Iterable<Written> | AsyncIterable<Written>,
  global: CouchServer,
): AsyncGenerator<(Written & Target)[]> {
  for await (const page of chunks(rows, PAGE)) yield await lookUp(global, page);
}

/** A row that names an instance which exists; whatever else it says is not looked at. */
export interface DomainRow {
  readonly domain: string;
}

/** Rows of a file of which the domain alone counts: the file from which the instances were made will do. */
export const domainCheck: RowCheck<DomainRow> = {
  parse: ({ domain = '' }) => {
    try {
      // What exists may come from a time of other rules about subdomains.
      return { domain: normaliseDomain(domain, 'nested') };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InvalidOptions([{ column: 'domain', message: error.message }]);
    }
  },
  names: ({ domain }) => [{ column: 'domain', name: domain }],
};
