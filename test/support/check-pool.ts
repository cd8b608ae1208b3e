// Reads CouchDB by itself, with nothing of the product: what is said of the pool there must not depend on what is tested.

/** What CouchDB has of prefixes that were made for the pool. */
export interface PoolSituation {
  /** State of each item of the books, by its prefix. */
  readonly items: ReadonlyMap<string, string>;
  /** Domains of the documents of `global/instances` that name each prefix. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
  /** How many databases there are below each. */
  readonly databases: ReadonlyMap<string, number>;
  /** Domains that the documents in these databases name as theirs. */
  readonly named: ReadonlyMap<string, ReadonlySet<string>>;
}

const PREFIX = /^cozy[0-9a-f]{32}$/;

/** Databases whose documents say whose they are: by the address of a contact, and by what made a directory. */
const TELLING = ['io-cozy-files', 'io-cozy-contacts'];

/**
 * @param couchUrl with credentials
 * @param among prefixes that are looked at: a server may be shared
 */
export async function poolSituation(
  couchUrl: string,
  among: (prefix: string) => boolean,
): Promise<PoolSituation> {
  const documents = async (database: string) => {
    const answer = await get(couchUrl, `/${encodeURIComponent(database)}/_all_docs?include_docs=true`);
    return rowsOf(answer).filter(({ _id }) => typeof _id === 'string' && !_id.startsWith('_design/'));
  };
  const items = new Map<string, string>();
  for (const { _id, state } of await documents('cozy-fleet-pool')) {
    if (among(String(_id))) items.set(String(_id), String(state));
  }
  const owners = new Map<string, string[]>();
  for (const { prefix, domain } of await documents('global/instances')) {
    if (typeof prefix !== 'string' || !among(prefix)) continue;
    owners.set(prefix, [...(owners.get(prefix) ?? []), String(domain)]);
  }
  const databases = new Map<string, number>();
  const named = new Map<string, Set<string>>();
  const names = await get(couchUrl, '/_all_dbs');
  for (const name of Array.isArray(names) ? names : []) {
    const [prefix = '', rest] = String(name).split('/');
    if (rest === undefined || !PREFIX.test(prefix) || !among(prefix)) continue;
    databases.set(prefix, (databases.get(prefix) ?? 0) + 1);
    if (!TELLING.includes(rest)) continue;
    const text = JSON.stringify(await documents(String(name)));
    const found = Array.from(text.matchAll(/"https:\/\/([^/"]+)/g), ([, domain = '']) => domain);
    named.set(prefix, new Set([...(named.get(prefix) ?? []), ...found]));
  }
  return { items, owners, databases, named };
}

/**
 * What is wrong, a sentence each: each prefix is one document's or one item's, what is in its databases is that one's, and there
 * are none without either.
 * @param settled whether all work is over: then nothing is on its way any more
 */
export function poolFaults({ items, owners, databases, named }: PoolSituation, settled: boolean): string[] {
  const faults: string[] = [];
  for (const [prefix, domains] of owners) {
    if (domains.length > 1) faults.push(`${prefix} is used by ${domains.join(' and ')}`);
    if (!settled) continue;
    if (items.has(prefix)) faults.push(`${prefix} is an instance's and in the books`);
    const number = databases.get(prefix) ?? 0;
    if (number !== 16) faults.push(`${prefix} is an instance's with ${number} databases`);
  }
  for (const prefix of databases.keys()) {
    if (!items.has(prefix) && !owners.has(prefix)) faults.push(`databases of ${prefix} are nobody's`);
  }
  for (const [prefix, domains] of named) {
    const strangers = [...domains].filter((domain) => !owners.get(prefix)?.includes(domain));
    for (const domain of strangers) faults.push(`databases of ${prefix} name ${domain}`);
  }
  for (const [prefix, state] of items) {
    const number = databases.get(prefix) ?? 0;
    if (state === 'ready' && number !== 16) faults.push(`${prefix} is ready with ${number} databases`);
    if (settled && state !== 'ready') faults.push(`${prefix} is ${state} for ever`);
  }
  return faults;
}

async function get(couchUrl: string, path: string): Promise<unknown> {
  const { origin, username, password } = new URL(couchUrl);
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  const answer = await fetch(`${origin}${path}`, { headers: { authorization } });
  if (answer.status === 404) return {};
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return await answer.json();
}

function rowsOf(answer: unknown): Record<string, unknown>[] {
  const rows = memberOf(answer, 'rows');
  return (Array.isArray(rows) ? rows : []).map((row) => {
    const doc = memberOf(row, 'doc');
    return typeof doc === 'object' && doc !== null ? Object.fromEntries(Object.entries(doc)) : {};
  });
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}
