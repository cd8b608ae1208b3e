import type { MangoIndex } from './mango-indexes.ts';
import type { JsonObject } from './pouch-types.ts';
import { isObject } from './request.ts';

export interface SortField {
  readonly field: string;
  readonly descending: boolean;
}

/** The `sort` of a request, which may be names or `{ name: direction }`. */
export function sortFieldsOf(sort: unknown): SortField[] {
  if (!Array.isArray(sort)) return [];
  return sort.flatMap((entry: unknown): SortField[] => {
    if (typeof entry === 'string') return [{ field: entry, descending: false }];
    if (!isObject(entry)) return [];
    return Object.entries(entry).map(([field, direction]) => ({ field, descending: direction === 'desc' }));
  });
}

/**
 * The index CouchDB would use: its fields must all be in the selector or the sort, the sort must follow
 * it, and a partial one must be asked for by name.
 */
export function chooseIndex(
  indexes: readonly MangoIndex[],
  selector: JsonObject,
  sort: readonly SortField[],
  asked: unknown,
): MangoIndex | undefined {
  const usable = indexes.filter((index) => covers(index, selector, sort));
  const named = usable.find((index) => isAskedFor(index, asked));
  if (named) return named;
  const whole = usable.filter((index) => !index.filter);
  const byEquality = whole.filter((index) => equalities(selector, index.fields));
  return longest(byEquality) ?? longest(whole);
}

/** The selector's conditions on these fields if each is an equality with a plain value. */
export function equalities(selector: JsonObject, fields: readonly string[]): JsonObject | undefined {
  const equal: JsonObject = {};
  for (const field of fields) {
    const condition = selector[field];
    const keys = isObject(condition) ? Object.keys(condition) : [];
    const value = isObject(condition) && keys.length === 1 ? condition['$eq'] : condition;
    if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined;
    equal[field] = value;
  }
  return equal;
}

function covers(index: MangoIndex, selector: JsonObject, sort: readonly SortField[]): boolean {
  const sorted = sort.map(({ field }) => field);
  const known = index.fields.every((field) => field in selector || sorted.includes(field) || field === '_id');
  return known && followsSort(index, selector, sorted);
}

function followsSort(index: MangoIndex, selector: JsonObject, sorted: readonly string[]): boolean {
  const start = index.fields.indexOf(sorted[0] ?? '');
  if (sorted.length === 0) return true;
  if (start < 0 || !equalities(selector, index.fields.slice(0, start))) return false;
  return sorted.every((field, position) => index.fields[start + position] === field);
}

function isAskedFor(index: MangoIndex, asked: unknown): boolean {
  const [ddoc, name]: unknown[] = Array.isArray(asked) ? asked : [asked];
  if (typeof ddoc !== 'string') return false;
  return (
    index.ddoc.replace('_design/', '') === ddoc.replace('_design/', '') && (name ?? index.name) === index.name
  );
}

function longest(indexes: readonly MangoIndex[]): MangoIndex | undefined {
  return indexes.toSorted((left, right) => right.fields.length - left.fields.length)[0];
}
