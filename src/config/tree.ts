/** Configuration before it is checked: nested, keys in lower case, no nulls. */
export interface Tree {
  [key: string]: unknown;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The stack's view of what a file says: keys in lower case at all depths, and a key without a value
 * as good as absent.
 */
export function normalise(value: Tree): Tree {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== null && child !== undefined)
      .map(([key, child]) => [key.toLowerCase(), normaliseValue(child)]),
  );
}

function normaliseValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normaliseValue);
  return isTree(value) ? normalise(value) : value;
}

/** `over` on top of `base`: maps are merged key by key, lists and single values are replaced. */
export function merge(base: Tree, over: Tree): Tree {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isTree(below) && isTree(value) ? merge(below, value) : value);
  }
  return Object.fromEntries(merged);
}

/** A tree with nothing but the value at `key`, a path such as `couchdb.url`. */
export function treeWith(key: string, value: unknown): Tree {
  const dot = key.indexOf('.');
  return dot === -1 ? { [key]: value } : { [key.slice(0, dot)]: treeWith(key.slice(dot + 1), value) };
}
