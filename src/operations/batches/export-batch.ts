import { chunks } from '../../chunk.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { reservationId } from '../../instances/databases/prefix.ts';
import type { Scheme } from '../../instances/domains/registration-link.ts';
import { describeUnreadable, type ReadResult } from '../../instances/lookup/classify-document.ts';
import { classifyByNames } from '../../instances/lookup/lookup.ts';
import {
  isOfIncarnation,
  type Registration,
  registrationOf,
  resetStateOf,
} from '../../instances/lookup/registration.ts';
import { type BatchKind, wordsOfBatch } from '../../jobs/batches/batch-kind.ts';
import type { Batches, Row } from '../../jobs/batches/batches.ts';
import { kindOfRow } from '../../jobs/batches/row-kinds.ts';
import type { RowState } from '../../jobs/batches/row-state.ts';
import { JOB_KINDS } from '../../jobs/kinds/job-kinds.ts';
import { rowError } from './batch-state.ts';

/** What `batches export` says of one row. */
export interface ExportedRow extends Partial<Registration> {
  readonly domain: string;
  readonly status: string;
  /** Until when the link works, in RFC 3339; absent where it works until it is used. */
  readonly linkExpires?: string;
  /** By which whoever opens it first is logged in, once; only where it was asked for. */
  readonly sessionLink?: string;
  /** Until when, in RFC 3339. */
  readonly sessionLinkExpires?: string;
  readonly errorStage?: string;
  readonly error?: string;
  /** Where the archive of its instance is, on the machine of the worker, with its bytes and files. */
  readonly archive?: Row['archive'];
}

/** Links that are made for a row that is being exported. */
export type MoreLinks = (
  row: ExportedRow,
  instance: ReadResult | undefined,
) => Promise<Pick<ExportedRow, 'sessionLink' | 'sessionLinkExpires'>>;

export const noMoreLinks: MoreLinks = async () => ({});

/** Rows whose instances are read at a time. */
const PAGE = 200;

/**
 * The rows of a batch with the links for owners as CouchDB has them now, in the order of the file.
 * A link is given for the very life of the domain that the row made, and for no other (`ARCHITECTURE.md` §3.3).
 * @param states of the rows; none = all
 * @throws InputError `unknown_batch`
 */
export async function* exportBatch(
  batches: Batches,
  global: CouchServer,
  scheme: Scheme,
  id: string,
  states: readonly RowState[] = [],
  more: MoreLinks = noMoreLinks,
): AsyncGenerator<ExportedRow> {
  const { kind: batchKind } = await batches.get(id);
  for await (const page of chunks(batches.rows(id, ...states), PAGE)) {
    const ended = page.filter(({ state }) => state === 'done' || state === 'incomplete');
    const instanceOf = await instancesOf(global, batchKind, ended);
    for (const row of page) {
      const instance = instanceOf(row);
      const exported = exportedRow(row, batchKind, instance, scheme);
      yield { ...exported, ...(await more(exported, instance)) };
    }
  }
}

/** Whether there are links for the owners of instances that rows of its kind worked on. */
export function hasLink(batchKind: BatchKind, row: Row): boolean {
  const kind = kindOfRow(batchKind, row);
  return kind !== undefined && JOB_KINDS[kind].hasLinks;
}

/** A row of a batch of that kind. @param instance what CouchDB has of it, by `instancesOf` */
export function exportedRow(
  row: Row,
  batchKind: BatchKind,
  instance: ReadResult | undefined,
  scheme: Scheme,
): ExportedRow {
  if (kindOfRow(batchKind, row) === 'reset-links') return exportedReset(row, instance, scheme);
  return hasLink(batchKind, row) ? exported(row, instance, scheme) : exportedWork(row, batchKind);
}

/**
 * What CouchDB has of the instances of these rows, where they have links. A creation knows its document by the id: a
 * stack may have made a second document for a domain, which is none of ours. Other work is on documents of any id, of
 * which the row's own life of the domain counts.
 */
export async function instancesOf(
  global: CouchServer,
  batchKind: BatchKind,
  rows: readonly Row[],
): Promise<(row: Row) => ReadResult | undefined> {
  const linked = rows.filter((row) => hasLink(batchKind, row));
  if (linked.length === 0) return () => undefined;
  const found = await classifyByNames(
    global,
    linked.map(({ domain }) => domain),
  );
  const idOf = (result: ReadResult) => (result.readable ? result.instance._id : result.unreadable._id);
  const byId = new Map(found.map((result) => [idOf(result), result]));
  return (row) => {
    const { domain, incarnation } = row;
    if (kindOfRow(batchKind, row) === 'create') return byId.get(reservationId(domain));
    return found.find(
      (result) =>
        result.readable && result.instance.domain === domain && isOfIncarnation(result.instance, incarnation),
    );
  };
}

function exported(row: Row, instance: ReadResult | undefined, scheme: Scheme): ExportedRow {
  const { domain, state } = row;
  switch (state) {
    case 'incomplete':
      // Another row's job has made it, or it was there: it is nobody's here to register.
      if (row.incarnation === undefined) return unfinished(row, 'exists');
      return registered(row, instance, scheme);
    case 'done':
      return registered(row, instance, scheme);
    case 'skipped':
      return { domain, status: 'exists' };
    case 'waiting':
    case 'active':
    case 'retrying':
    case 'failed':
    case 'cancelled':
      return unfinished(row, state);
  }
}

/** A row that made an instance, with the token as it is now. */
function registered(row: Row, result: ReadResult | undefined, scheme: Scheme): ExportedRow {
  const { domain, incarnation } = row;
  if (result?.readable === false) {
    return { domain, status: 'unreadable', error: describeUnreadable(result.unreadable) };
  }
  const instance = result?.instance;
  if (instance === undefined || !isOfIncarnation(instance, incarnation)) {
    return { domain, status: 'superseded', error: 'the instance that this row made is gone' };
  }
  return { ...unfinished(row, 'created'), ...registrationOf(instance, scheme) };
}

/** A row that made a link for a new passphrase, with the link as it is now. */
function exportedReset(row: Row, result: ReadResult | undefined, scheme: Scheme): ExportedRow {
  const worked = exportedWork(row, 'reset-links');
  if (row.state !== 'done') return worked;
  const { domain } = row;
  if (result?.readable !== true) {
    return { domain, status: 'superseded', error: 'the instance that this link was for is gone' };
  }
  const reset = resetStateOf(result.instance, scheme, Date.now());
  switch (reset.state) {
    case 'usable':
      return { ...worked, link: reset.link, linkExpires: reset.expires };
    case 'expired':
      return { domain, status: 'expired' };
    case 'none':
      return { domain, status: 'used' };
    default:
      return reset satisfies never;
  }
}

/** A row of any other kind of batch: nobody is to register. */
function exportedWork(row: Row, batchKind: BatchKind): ExportedRow {
  const { archive } = row;
  return { ...stateOfWork(row, batchKind), ...(archive === undefined ? {} : { archive }) };
}

/** Said of a row of several kinds of which Redis has lost what it was. */
const LOST_KIND =
  'nobody knows any more whether it was made or changed, so that no link of its owner is given';

function stateOfWork(row: Row, batchKind: BatchKind): ExportedRow {
  const { domain, state } = row;
  const kind = kindOfRow(batchKind, row);
  const words = wordsOfBatch(kind ?? batchKind);
  const error = kind === undefined ? LOST_KIND : rowError(row);
  const told = error === '' ? {} : { error };
  switch (state) {
    case 'done':
      return { domain, status: words.done, ...told };
    case 'skipped':
      return { domain, status: words.skipped, ...told };
    case 'waiting':
    case 'active':
    case 'retrying':
    case 'incomplete':
    case 'failed':
    case 'cancelled':
      return unfinished(row, state);
  }
}

/** With where it stopped and why, as far as that is known. */
function unfinished(row: Row, status: string): ExportedRow {
  const { domain, stage } = row;
  const error = rowError(row);
  return {
    domain,
    status,
    ...(stage === undefined ? {} : { errorStage: stage }),
    ...(error === '' ? {} : { error }),
  };
}
