import type { DatabaseSettings, ViewQuery } from './documents.ts';

/** The query of a request that makes a database; empty for the server's own settings. */
export function databaseQuery({ q, n }: DatabaseSettings): string {
  const query = new URLSearchParams();
  if (q !== undefined) query.set('q', String(q));
  if (n !== undefined) query.set('n', String(n));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

/** The query of a request for rows; keys are JSON values, so that a text has its quotes. */
export function viewQuery({ startKey, endKey, includeDocs, conflicts, limit }: ViewQuery): string {
  const query = new URLSearchParams();
  if (startKey !== undefined) query.set('start_key', JSON.stringify(startKey));
  if (endKey !== undefined) query.set('end_key', JSON.stringify(endKey));
  if (includeDocs === true) query.set('include_docs', 'true');
  if (conflicts === true) query.set('conflicts', 'true');
  if (limit !== undefined) query.set('limit', String(limit));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

/** A document's id in a path: the slash after `_design` and `_local` belongs to the path, every other one to the id. */
export function encodedId(id: string): string {
  const special = /^(_design|_local)\/(.*)$/s.exec(id);
  return special === null ? encodeURIComponent(id) : `${special[1]}/${encodeURIComponent(special[2] ?? '')}`;
}

/** The path of a database. */
export function pathOf(database: string): string {
  return `/${encodeURIComponent(database)}`;
}

/** The path of a view. */
export function viewPath(database: string, design: string, view: string): string {
  return `${pathOf(database)}/_design/${encodeURIComponent(design)}/_view/${encodeURIComponent(view)}`;
}

/** A request for a page of `_changes` with documents. */
export function changesRequest(database: string, since: string, limit: number) {
  const query = new URLSearchParams({ since, limit: String(limit), include_docs: 'true' });
  const path = `${pathOf(database)}/_changes?${query.toString()}`;
  return { method: 'GET', path, what: `reading changes of ${database}` } as const;
}
