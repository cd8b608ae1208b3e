/**
 * What the text of a flag or column is, as far as its characters go:
 * `secret` is taken as it is, `name` is what people write for people to read, `domain` is a host,
 * `list` has commas between its words, `settings` is `key:value,…`, `json` is looked at when it is parsed, `word` is for
 * machines.
 */
export type ValueKind =
  | 'secret'
  | 'name'
  | 'id'
  | 'address'
  | 'phone'
  | 'domain'
  | 'list'
  | 'settings'
  | 'json'
  | 'word';

/** Those that are not named here are words. */
const KINDS: Readonly<Record<string, ValueKind>> = {
  domain: 'domain',
  'domain-aliases': 'domain',
  'old-domain': 'domain',
  'org-domain': 'domain',
  'org-id': 'id',
  uuid: 'id',
  oidc_id: 'id',
  franceconnect_id: 'id',
  email: 'address',
  'public-name': 'name',
  phone: 'phone',
  passphrase: 'secret',
  sponsorships: 'list',
  'feature-sets': 'list',
  'feature-flags': 'json',
  apps: 'list',
  settings: 'settings',
};

/** @param flag of `instances add` or `instances modify` */
export function kindOfFlag(flag: string): ValueKind {
  return Object.hasOwn(KINDS, flag) ? (KINDS[flag] ?? 'word') : 'word';
}

const KINDS_OF_SETTINGS: Readonly<Record<string, ValueKind>> = {
  email: 'address',
  phone: 'phone',
  uuid: 'id',
  oidc_id: 'id',
  context: 'word',
  locale: 'word',
  tz: 'word',
  tos: 'word',
  tos_latest: 'word',
  auth_mode: 'word',
  auto_update: 'word',
};

/** @param key in a Settings string; those that no stack knows are free text */
export function kindOfSetting(key: string): ValueKind {
  return Object.hasOwn(KINDS_OF_SETTINGS, key) ? (KINDS_OF_SETTINGS[key] ?? 'name') : 'name';
}

/**
 * The most characters that a flag or column may have, far more than any real value has. They are counted before
 * anything else is done with a value, so that no work grows with what a stranger's file holds.
 */
const MOST_CHARACTERS: Readonly<Record<ValueKind, number>> = {
  secret: 4_096,
  name: 1_024,
  id: 1_024,
  address: 1_024,
  phone: 1_024,
  // A domain and all of its aliases.
  domain: 16_384,
  list: 16_384,
  settings: 65_536,
  json: 65_536,
  word: 1_024,
};

/** What is wrong with a value that is longer than its kind may be; undefined when it is not. Quotes nothing of it. */
export function lengthProblem(kind: ValueKind, text: string): string | undefined {
  const most = MOST_CHARACTERS[kind];
  return text.length > most ? `it has ${text.length} characters, and may have ${most}` : undefined;
}
