import { hashedPrefix } from './readings.ts';

/** The names that strange documents are made of; all carry the mark of their fleet, or are everybody's. */
export interface Names {
  /** The mark of the fleet, such as `t12`. */
  readonly tag: string;
  /** The domain that the strange document would have if it were none. */
  readonly own: string;
  /** The domain of an ordinary instance of the fleet, which is what most are after. */
  readonly other: string;
  /** An alias of that one. */
  readonly otherAlias: string;
  /** A folder with its databases that belongs to nobody. */
  readonly orphan: string;
}

type Choices = readonly [unknown, ...unknown[]];

/** Texts in the place of a domain. */
export function strangeDomains({ tag, own, other, otherAlias }: Names): Choices {
  return [
    `${other}/`,
    `${other}//`,
    `${other}/.`,
    `/${other}`,
    `./${other}`,
    `${own}/../${other}`,
    `../storage/${other}`,
    `../storage-other/full-${tag}`,
    `../storage-other/empty-${tag}`,
    `../../outside/full-${tag}`,
    `../../outside/empty-${tag}`,
    `../../outside/new-${tag}`,
    `${other}/Photos`,
    `${other}\\`,
    `..\\${other}`,
    `%2e%2e/${other}`,
    other,
    otherAlias,
    other.toUpperCase(),
    `${other}.`,
    `${other} `,
    ` ${other}`,
    other.replace('.', ':'),
    other.replaceAll('.', '-'),
    own.toUpperCase(),
    `cafe\u0301-${own}`,
    `caf\u00e9-${own}`,
    `\u212Aim-${own}`,
    `\t${own}`,
    `${own}\n`,
    `${own}\u0000`,
    `${own}\u001b]0;owned\u0007`,
    `${own}\u009b31m`,
    `\u202e${own}`,
    `${own}\u2028`,
    `\u200b${other}`,
    `con.${own}`,
    `${own}:8080`,
    `.${own}`,
    `${'x'.repeat(260)}-${own}`,
    `${'é'.repeat(120)}-${own}`,
    `=cmd|${own}`,
    `.cozy-fleet-removed-${own}`,
    'dyn-assets',
    'exports',
    '.cozy-fleet',
    '..',
    '.',
    '/',
    '__proto__',
    'constructor',
    'global',
    'secrets',
  ];
}

/** Whatever else may be in the place of a domain. */
export function wrongDomains({ other }: Names): Choices {
  return [undefined, null, '', 42, -1, 1.5, true, [other], [], { name: other }, [[other]]];
}

/** Texts in the place of a prefix. */
export function strangePrefixes({ tag, own, other, otherAlias, orphan }: Names): Choices {
  const theirs = hashedPrefix(other);
  return [
    null,
    '',
    undefined,
    theirs,
    theirs.toUpperCase(),
    `${theirs}/io-cozy-files`,
    `${theirs}/`,
    theirs.slice(0, -1),
    `${theirs}0`,
    ` ${theirs}`,
    hashedPrefix(own).toUpperCase(),
    hashedPrefix(otherAlias),
    hashedPrefix(orphan),
    other,
    other.replaceAll('.', '-'),
    other.replaceAll('.', ':'),
    other.toUpperCase(),
    `My.Old-${tag}`,
    `my-old-${tag}`,
    `my.old-${tag}`,
    `my:old-${tag}`,
    `my-old-${tag}/io-cozy-files`,
    `\u212Aim-${tag}`,
    `kim-${tag}`,
    'global',
    'global/instances',
    'secrets',
    'GLOBAL',
    '_users',
    '..',
    '.',
    '/',
    '-',
    'cozy',
    ' ',
    '__proto__',
    'constructor',
  ];
}

export function wrongPrefixes({ other }: Names): Choices {
  const theirs = hashedPrefix(other);
  return [5, 0, true, [theirs], [], { is: theirs }, [[theirs]]];
}

export function strangeAliases({ own, other, otherAlias, orphan }: Names): Choices {
  return [
    [other],
    [otherAlias],
    [orphan],
    [own],
    [],
    null,
    [`${other}/`],
    ['__proto__'],
    [`w3.${own}`, other],
  ];
}

export function wrongAliases({ own, other }: Names): Choices {
  return [other, 7, [42], [null], [[other]], { 0: other }, true, `w3.${own}`];
}

export function strangeFormerDomains({ tag, own, other, otherAlias, orphan }: Names): Choices {
  return [other, otherAlias, orphan, own, `former-${tag}.example`, `${other}/`, other.toUpperCase(), ''];
}

export function wrongFormerDomains({ other }: Names): Choices {
  return [42, [other], { was: other }, true];
}

/** Only the last one is a place in some list of clusters, and in none of ours. */
export const WRONG_CLUSTERS: Choices = [-1, 1.5, '0', 'first', true, [0], {}, 1e99, 99];

/** Fields that say something else than what is the instance's. */
export const ODD_FIELDS: readonly [
  Readonly<Record<string, unknown>>,
  ...Readonly<Record<string, unknown>>[],
] = [
  { deleting: true },
  { deleting: true, blocked: true },
  { moved: true },
  { blocked: true, blocking_reason: 'IMPORT' },
  { blocked: true, blocking_reason: `PROVISIONING:${'0'.repeat(16)}` },
  { swift_cluster: 2 },
  { fs_scheme: 'swift' },
  { indexes_version: 1 },
  { indexes_version: 1_000_000 },
  { org_domain: 'org.example', org_id: '..' },
  JSON.parse('{"feature_flags":{"__proto__":{"deleting":true}},"constructor":{"prototype":{"domain":"x"}}}'),
];

/** Fields of another type than theirs, which make the document one that nobody can trust. */
export const WRONG_FIELDS: typeof ODD_FIELDS = [
  { cli_secret: 7 },
  { cli_secret: ['AAAA'] },
  { session_secret: {} },
  { oauth_secret: true },
  { cli_secret: { length: 4 } },
];
