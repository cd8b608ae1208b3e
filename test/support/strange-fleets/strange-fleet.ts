import { createHash } from 'node:crypto';
import {
  type Names,
  ODD_FIELDS,
  strangeAliases,
  strangeDomains,
  strangeFormerDomains,
  strangePrefixes,
  WRONG_CLUSTERS,
  WRONG_FIELDS,
  wrongAliases,
  wrongDomains,
  wrongFormerDomains,
  wrongPrefixes,
} from './nasty-names.ts';
import { type Random, seeded } from './random.ts';
import { databaseKey, type Fields, hashedPrefix } from './readings.ts';

/** What is to be done with a document; its context says it, so that a filter means all of a role. */
export const ROLES = ['destroyed', 'named', 'resumed', 'repaired', 'equipped', 'left'] as const;

export type Role = (typeof ROLES)[number];

export interface StrangeDocument {
  readonly id: string;
  /** Number of its fleet. */
  readonly fleet: number;
  readonly role: Role;
  readonly fields: Fields;
  /** What is told apart from everybody else's in all that is an ordinary instance's; absent for a strange one. */
  readonly mark?: string;
}

/** Something below the directory around the root of the storage; parents come first. */
export type Entry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string };

/** Something that belongs to nobody and is to go with the orphans. */
export interface Orphan {
  readonly folder: string;
  readonly prefix: string;
}

export interface StrangeFleet {
  readonly number: number;
  readonly documents: readonly StrangeDocument[];
  readonly entries: readonly Entry[];
  /** Names of databases; the same one may come twice. */
  readonly databases: readonly string[];
  readonly orphans: readonly Orphan[];
}

/** Root of the storage, below the directory around it, which has what must never be touched. */
export const ROOT = 'mount/storage';

/** `typed` has every document readable; `untyped` has fields of any type as well. */
export type FleetKind = 'typed' | 'untyped';

const LETTERS = 'abcdefgh';

const SECRETS = { session_secret: 'c2Vzc2lvbg==', oauth_secret: 'b2F1dGg=' } as const;

/** What may be the name of a database, of those that are not the platform's own. */
const POSSIBLE = /^[a-z][a-z0-9_$()+/-]*$/;
const OF_THE_PLATFORM = /^(global|secrets)\//;

/** Makes a fleet that is the same again for the same seed and number. */
export function strangeFleet(seed: number, number: number, kind: FleetKind): StrangeFleet {
  const random = seeded(seed, number);
  const tag = `t${number}`;
  const fleet = new Builder(number, random);
  const bob = fleet.ordinary(`bob-${tag}a.example`, [`w3.bob-${tag}a.example`]);
  if (random.happens(60)) fleet.ordinary(`ann-${tag}b.example`, []);
  const orphan = `gone-${tag}.example`;
  const strangers = 2 + random.below(3);
  for (let at = 0; at < strangers; at += 1) {
    const own = `m-${tag}${LETTERS[at + 2]}.example`;
    const names = { tag, own, other: bob, otherAlias: `w3.${bob}`, orphan };
    const chance = random.below(100);
    if (chance < 12) fleet.renamed(names);
    else if (chance < 24) fleet.withOthersAsPrefix(names);
    else fleet.strange(names, kind === 'untyped');
  }
  fleet.surroundings(tag);
  if (random.happens(40)) fleet.orphan(orphan);
  return fleet;
}

class Builder implements StrangeFleet {
  readonly documents: StrangeDocument[] = [];
  readonly entries: Entry[] = [];
  readonly databases: string[] = [];
  readonly orphans: Orphan[] = [];
  readonly number: number;
  readonly #random: Random;

  constructor(number: number, random: Random) {
    this.number = number;
    this.#random = random;
  }

  /** An instance as a stack has made it, as far as these commands look. @returns its domain */
  ordinary(domain: string, aliases: readonly string[]): string {
    const prefix = hashedPrefix(domain);
    const role = this.#random.pick(['destroyed', 'destroyed', 'named', 'equipped', 'left'] as const);
    this.#add(
      role,
      { domain, prefix, ...(aliases.length > 0 && { domain_aliases: aliases }) },
      markOf(domain),
    );
    this.#databasesOf(prefix, role === 'equipped' ? FOR_APPS : ['io-cozy-files', 'io-cozy-settings']);
    this.#folder(domain, true);
    return domain;
  }

  strange(names: Names, mayBeWrong: boolean): void {
    const random = this.#random;
    const wrong = (percent: number): boolean => mayBeWrong && random.happens(percent);
    const fields: Record<string, unknown> = { domain: names.own, prefix: hashedPrefix(names.own) };
    if (random.happens(55)) {
      fields['domain'] = random.pick(strangeDomains(names));
      fields['prefix'] = prefixFor(fields['domain']);
    }
    if (wrong(10)) fields['domain'] = random.pick(wrongDomains(names));
    if (random.happens(40)) fields['prefix'] = random.pick(strangePrefixes(names));
    if (wrong(10)) fields['prefix'] = random.pick(wrongPrefixes(names));
    if (random.happens(20)) fields['domain_aliases'] = random.pick(strangeAliases(names));
    if (wrong(8)) fields['domain_aliases'] = random.pick(wrongAliases(names));
    if (random.happens(15)) fields['old_domain'] = random.pick(strangeFormerDomains(names));
    if (wrong(5)) fields['old_domain'] = random.pick(wrongFormerDomains(names));
    if (wrong(12)) fields['couch_cluster'] = random.pick(WRONG_CLUSTERS);
    if (random.happens(20)) Object.assign(fields, random.pick(ODD_FIELDS));
    if (wrong(8)) Object.assign(fields, random.pick(WRONG_FIELDS));
    const role = this.#anyRole();
    this.#add(role, fields);
    const doctypes = role === 'equipped' ? FOR_APPS : ['io-cozy-files'];
    this.#databasesOf(fields['prefix'] || fields['domain'], doctypes);
    this.#strangeFolder(fields['domain'], names);
  }

  /** Its domain was changed by hand, and nothing tells where its files are but its prefix. */
  renamed({ tag, own }: Names): void {
    const former = `was-${tag}-${this.documents.length}.example`;
    this.#add(this.#anyRole(), { domain: own, prefix: hashedPrefix(former) });
    this.#databasesOf(hashedPrefix(former), ['io-cozy-files']);
    this.#folder(former, true);
  }

  /** Two documents whose prefixes are different texts, and the same databases. */
  withOthersAsPrefix({ tag, own }: Names): void {
    const old = `old-${tag}-${this.documents.length}.example`;
    const same = this.#random.pick([
      old,
      old.replaceAll('.', '-'),
      old.toUpperCase(),
      old.replaceAll('.', ':'),
    ]);
    this.#add('left', { domain: old, prefix: this.#random.pick([undefined, null, '']) });
    this.#add('destroyed', { domain: own, prefix: same });
    this.#databasesOf(old, ['io-cozy-files', 'io-cozy-settings']);
    this.#folder(old, true);
    this.#folder(own, true);
  }

  orphan(folder: string): void {
    const prefix = hashedPrefix(folder);
    this.orphans.push({ folder, prefix });
    this.#databasesOf(prefix, ['io-cozy-files', 'io-cozy-jobs']);
    this.#folder(folder, true);
  }

  /** What lies beside the instances, and around the storage. */
  surroundings(tag: string): void {
    for (const place of ['mount/storage-other', 'outside']) {
      this.entries.push({ kind: 'directory', path: `${place}/empty-${tag}` });
      this.#filled(`${place}/full-${tag}`);
    }
    const random = this.#random;
    const foreign = `${ROOT}/foreign-${tag}`;
    if (random.happens(30)) {
      this.entries.push({ kind: 'directory', path: foreign });
      this.entries.push({ kind: 'file', path: `${foreign}/ledger`, text: tag });
    }
    if (random.happens(30)) this.entries.push({ kind: 'directory', path: `${ROOT}/empty-${tag}.example` });
    if (random.happens(20))
      this.entries.push({ kind: 'file', path: `${ROOT}/file-${tag}.example`, text: tag });
    if (random.happens(20)) {
      const to = `../../outside/full-${tag}`;
      this.entries.push({ kind: 'link', path: `${ROOT}/link-${tag}.example`, to });
    }
  }

  #anyRole(): Role {
    return this.#random.pick([
      ...(['destroyed', 'destroyed', 'destroyed', 'destroyed'] as const),
      ...(['named', 'resumed', 'repaired', 'repaired', 'equipped', 'equipped', 'left'] as const),
    ]);
  }

  #add(role: Role, own: Fields, mark?: string): void {
    const { number: fleet } = this;
    const id = createHash('md5').update(`${fleet} ${this.documents.length}`).digest('hex');
    const fields = {
      locale: 'en',
      password_defined: false,
      onboarding_finished: true,
      indexes_version: 38,
      cli_secret: Buffer.from(id).toString('base64'),
      ...SECRETS,
      ...own,
      context: contextOf(role),
    };
    this.documents.push({ id, fleet, role, fields, ...(mark !== undefined && { mark }) });
  }

  #databasesOf(prefix: unknown, doctypes: readonly string[]): void {
    if (typeof prefix !== 'string') return;
    const names = doctypes.map((doctype) => `${databaseKey(prefix)}/${doctype}`);
    this.databases.push(...names.filter((name) => POSSIBLE.test(name) && !OF_THE_PLATFORM.test(name)));
  }

  #strangeFolder(domain: unknown, { tag, other }: Names): void {
    if (typeof domain !== 'string' || domain === other || !isPlain(domain)) return;
    const random = this.#random;
    const place = `${ROOT}/${domain}`;
    const chance = random.below(100);
    if (chance < 8) this.entries.push({ kind: 'link', path: place, to: random.pick([other, `./${other}`]) });
    else if (chance < 12) this.entries.push({ kind: 'link', path: place, to: `../../outside/full-${tag}` });
    else if (chance < 16)
      this.entries.push({ kind: 'link', path: place, to: `../storage-other/empty-${tag}` });
    else if (chance < 22) this.entries.push({ kind: 'directory', path: place });
    else if (chance < 27) this.entries.push({ kind: 'file', path: place, text: tag });
    else if (chance < 35) this.#withoutTrash(place, other);
    else if (chance < 42) {
      this.#folder(domain, false);
      this.entries.push({ kind: 'link', path: `${place}/.cozy_apps`, to: `../${other}/.cozy_apps` });
    } else if (chance < 90) this.#folder(domain, random.happens(50));
  }

  /** It has the name of a trash, and none. */
  #withoutTrash(place: string, other: string): void {
    const path = `${place}/.cozy_trash`;
    const instead: readonly [Entry, ...Entry[]] = [
      { kind: 'file', path, text: '' },
      { kind: 'link', path, to: `../${other}/.cozy_trash` },
      { kind: 'file', path: `${place}/another`, text: '' },
    ];
    this.entries.push({ kind: 'directory', path: place });
    this.entries.push({ kind: 'file', path: `${place}/ledger`, text: place });
    this.entries.push(this.#random.pick(instead));
  }

  #folder(domain: string, hasApps: boolean): void {
    this.#filled(`${ROOT}/${domain}`);
    if (hasApps) this.entries.push({ kind: 'directory', path: `${ROOT}/${domain}/.cozy_apps` });
  }

  /** What looks like the directory of an instance. */
  #filled(place: string): void {
    for (const path of [place, `${place}/.cozy_trash`, `${place}/Photos`]) {
      this.entries.push({ kind: 'directory', path });
    }
    this.entries.push({ kind: 'file', path: `${place}/Photos/cat.jpg`, text: place });
  }
}

/** What the installation of an application writes to, and what it asks. */
const FOR_APPS = ['io-cozy-files', 'io-cozy-apps', 'io-cozy-konnectors', 'io-cozy-permissions'] as const;

export function contextOf(role: Role): string {
  return `to-be-${role}`;
}

/** @returns `t12a` of `bob-t12a.example` */
function markOf(domain: string): string {
  return domain.slice(domain.indexOf('-') + 1, domain.indexOf('.'));
}

function prefixFor(domain: unknown): string | undefined {
  return typeof domain === 'string' ? hashedPrefix(domain) : undefined;
}

/** Whether a directory can have that name, and has no other. */
function isPlain(name: string): boolean {
  if (name === '' || name.startsWith('.cozy-fleet') || name === '.' || name === '..') return false;
  return !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255;
}
