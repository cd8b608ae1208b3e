import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { CouchDocument } from '../../couchdb/documents.ts';
import type { JsView, MangoIndex } from '../databases/databases.ts';

const designDocument = z.looseObject({
  language: z.string(),
  views: z.record(z.string(), z.unknown()),
});

const mangoView = z.looseObject({
  map: z.looseObject({
    fields: z.record(z.string(), z.unknown()),
    partial_filter_selector: z.unknown().optional(),
  }),
});

const jsView = z.looseObject({ map: z.string(), reduce: z.string().optional() });

/**
 * Whether a stored design document is that index. The name of its view and its options are CouchDB's own
 * and differ from version to version; a second view beside it does no harm (`docs/cozy-data.md` §1.3).
 */
export function matchesMangoIndex({ fields, partialFilter = {} }: MangoIndex, found: CouchDocument): boolean {
  const design = designDocument.safeParse(found);
  if (!design.success || design.data.language !== 'query') return false;
  return Object.values(design.data.views).some((view) => {
    const { data } = mangoView.safeParse(view);
    if (data === undefined) return false;
    const { fields: stored, partial_filter_selector: filter = {} } = data.map;
    const ascending = fields.map((field): [string, unknown] => [field, 'asc']);
    return isDeepStrictEqual(Object.entries(stored), ascending) && isDeepStrictEqual(filter, partialFilter);
  });
}

/**
 * Whether a stored design document is that view. A stack writes the same functions in words of its own, and
 * to put ours in their place would only cost a new index: any function will do (`docs/cozy-data.md` §1.4).
 */
export function matchesView({ name, reduce }: JsView, found: CouchDocument): boolean {
  const design = designDocument.safeParse(found);
  if (!design.success || design.data.language !== 'javascript') return false;
  const { views } = design.data;
  if (!isDeepStrictEqual(Object.keys(views), [name])) return false;
  const { data: view } = jsView.safeParse(views[name]);
  return view !== undefined && view.reduce === reduce && /^\s*function\b/.test(view.map);
}
