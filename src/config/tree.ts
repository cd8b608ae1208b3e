/** Configuration before it is checked: nested, keys in lower case, no nulls. */
export interface Tree {
  [key: string]: unknown;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The stack's view of what a file says: keys in lower case at all depths, and a key without a value
 * as good as absent, but for feature flags, of which null is a value (`docs/cozy-data.md` §2.4).
 * @param path of the map itself, in lower case
 */
export function normalise(value: Tree, path: readonly string[] = []): Tree {
  const hasNulls = isBelowFeatures(path);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined && (hasNulls || child !== null))
      .map(([key, child]) => [key.toLowerCase(), normaliseValue(child, [...path, key.toLowerCase()])]),
  );
}

function normaliseValue(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => normaliseValue(item, path));
  return isTree(value) ? normalise(value, path) : value;
}

/** Whether it is `contexts.<context>.features`, or within it. */
function isBelowFeatures([section, , key]: readonly string[]): boolean {
  return section === 'contexts' && key === 'features';
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
