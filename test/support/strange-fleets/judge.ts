import { isReadable, type Owners, ownersAmong } from './readings.ts';
import type { Snapshot } from './snapshot.ts';
import { type Orphan, ROOT, type StrangeDocument } from './strange-fleet.ts';

/** What a command was to do with its targets. */
export type Deed = 'look' | 'destroy' | 'repair' | 'install' | 'orphans';

/** How a command ended for one domain. */
export interface Outcome {
  readonly domain: string;
  readonly state: 'done' | 'skipped' | 'refused' | 'unended';
  /** What a refusal is called. */
  readonly code?: string;
}

/** What a command did, and said. */
export interface Told {
  /** All that an operator sees of it. */
  readonly said: string;
  readonly outcomes: readonly Outcome[];
}

/** A command over a cell of fleets. */
export interface Trial {
  readonly deed: Deed;
  /** Documents that were meant. */
  readonly targets: readonly StrangeDocument[];
  readonly told: Told;
  readonly before: Snapshot;
  readonly after: Snapshot;
}

export interface ReadResult {
  /** All documents of the cell, as they were planted. */
  readonly documents: readonly StrangeDocument[];
  readonly orphans: readonly Orphan[];
}

/** Each way in which a command can have done wrong. */
export type Wrong =
  | 'database gone'
  | 'database changed'
  | 'document gone'
  | 'document changed'
  | 'file gone'
  | 'file changed'
  | 'outside touched'
  | 'through a link'
  | 'not refused'
  | 'not named'
  | 'crashed'
  | 'not ended'
  | 'not done';

export interface Violation {
  readonly wrong: Wrong;
  readonly deed: Deed;
  /** Which it is, for whoever looks for it. */
  readonly what: string;
}

/** What a program says that did not expect what it met. */
const CRASH =
  /ZodError|TypeError|RangeError|SyntaxError|is not a function|is not iterable|Cannot read propert|\[object Object\]|\binternal\b|\n {4}at /;

/** What may be taken for an instance's databases without a document that says so. */
const OF_AN_INSTANCE = /^cozy[0-9a-f]{32}\//;

/** Nobody's, whatever a document says of itself. */
const OF_THE_PLATFORM = /^(global|secrets)\//;

/** Our own at the root of the storage; the mark of the fleet, and what is on its way out. */
const OURS = /^\.cozy-fleet/;

/** Finds everything that a command did wrong, by what was there before and after, and by what it said. */
export function judge({ documents, orphans }: ReadResult, trial: Trial): Violation[] {
  const { deed, targets } = trial;
  // Those that earlier commands have removed mean nothing any more.
  const there = documents.filter(({ id }) => trial.before.documents.has(id));
  const owners = ownersAmong(there);
  const succeeded = new Set(targets.filter((each) => outcomeOf(trial, each) === 'done'));
  const court: Court = { ...trial, owners, succeeded, meant: new Set(targets) };
  return [
    ...databases(court),
    ...documentsOf(court, there),
    ...files(court),
    ...throughLinks(court),
    ...notRefused(court),
    ...saidOf(court, there),
    ...notDone(court, there, orphans),
  ].map((violation) => ({ ...violation, deed }));
}

interface Court extends Trial {
  readonly owners: Owners<StrangeDocument>;
  readonly meant: ReadonlySet<StrangeDocument>;
  readonly succeeded: ReadonlySet<StrangeDocument>;
}

type Found = Omit<Violation, 'deed'>;

function databases({ deed, before, after, owners, meant, succeeded }: Court): Found[] {
  const found: Found[] = [];
  for (const [name, state] of before.databases) {
    const whose = owners.ofDatabase(name);
    const now = after.databases.get(name);
    // Its documents are looked at one by one.
    if (now === state || (name === 'global/instances' && now !== undefined)) continue;
    if (OF_THE_PLATFORM.test(name)) {
      found.push({ wrong: now === undefined ? 'database gone' : 'database changed', what: name });
    } else if (now === undefined) {
      const isNobodys = whose.size === 0 && OF_AN_INSTANCE.test(name);
      const mayGo = deed === 'destroy' ? isAllOf(whose, succeeded) : deed === 'orphans' && isNobodys;
      if (!mayGo) found.push({ wrong: 'database gone', what: `${name} of ${listed(whose)}` });
    } else if (!mayWrite(deed, whose, deed === 'destroy' ? succeeded : meant)) {
      found.push({ wrong: 'database changed', what: `${name} of ${listed(whose)}` });
    }
  }
  for (const name of after.databases.keys()) {
    if (before.databases.has(name)) continue;
    const whose = owners.ofDatabase(name);
    const mayCome = deed !== 'destroy' && mayWrite(deed, whose, meant);
    if (!mayCome) found.push({ wrong: 'database changed', what: `${name} is new, of ${listed(whose)}` });
  }
  return found;
}

function documentsOf(
  { deed, before, after, meant, succeeded }: Court,
  there: readonly StrangeDocument[],
): Found[] {
  const found: Found[] = [];
  for (const document of there) {
    const now = after.documents.get(document.id);
    if (now === before.documents.get(document.id)) continue;
    if (now === undefined) {
      if (deed === 'destroy' && succeeded.has(document)) continue;
      found.push({ wrong: 'document gone', what: textOf(document) });
    } else if (deed === 'look' || deed === 'orphans' || !meant.has(document)) {
      found.push({ wrong: 'document changed', what: textOf(document) });
    }
  }
  for (const id of after.documents.keys()) {
    if (!before.documents.has(id)) found.push({ wrong: 'document changed', what: `${id} is new` });
  }
  return found;
}

function files({ deed, before, after, owners, meant, succeeded }: Court): Found[] {
  const found: Found[] = [];
  for (const path of new Set([...before.files.keys(), ...after.files.keys()])) {
    const was = before.files.get(path);
    const is = after.files.get(path);
    if (was?.kind === is?.kind && was?.state === is?.state) continue;
    const folder = folderOf(path);
    if (folder === undefined) {
      found.push({ wrong: 'outside touched', what: path });
      continue;
    }
    if (OURS.test(folder)) continue;
    const whose = deed === 'orphans' ? owners.ofFormerFolder(folder) : owners.ofFolder(folder);
    if (is === undefined) {
      const hadTrash = before.files.get(`${ROOT}/${folder}/.cozy_trash`)?.kind === 'directory';
      const mayGo = deed === 'destroy' ? isAllOf(whose, succeeded) : deed === 'orphans' && whose.size === 0;
      if (!mayGo || !hadTrash) found.push({ wrong: 'file gone', what: `${path} of ${listed(whose)}` });
    } else if (deed === 'destroy' || !mayWrite(deed, whose, meant)) {
      found.push({ wrong: 'file changed', what: `${path} of ${listed(whose)}` });
    }
  }
  return found;
}

/** An application that was put where a link is went to wherever the link leads. */
function throughLinks({ deed, before, succeeded }: Court): Found[] {
  if (deed !== 'install') return [];
  return [...succeeded].flatMap((document): Found[] => {
    const place = `${ROOT}/${document.fields['domain']}`;
    const linked = [place, `${place}/.cozy_apps`].filter((path) => before.files.get(path)?.kind === 'link');
    return linked.map((path) => ({ wrong: 'through a link', what: `${path} of ${textOf(document)}` }));
  });
}

/** What cannot be read, or is on no cluster that there is, nobody may work on. */
function notRefused({ targets, succeeded }: Court): Found[] {
  const isAlone = ({ fields: { domain } }: StrangeDocument): boolean =>
    targets.filter(({ fields }) => fields['domain'] === domain).length === 1;
  return [...succeeded]
    .filter((each) => !isReadable(each.fields) || (each.fields['couch_cluster'] ?? 0) !== 0)
    .filter(isAlone)
    .map((each) => ({ wrong: 'not refused', what: textOf(each) }));
}

function saidOf(court: Court, there: readonly StrangeDocument[]): Found[] {
  const { deed, told, targets } = court;
  const found: Found[] = [];
  const crash = CRASH.exec(told.said);
  if (crash !== null)
    found.push({ wrong: 'crashed', what: told.said.slice(Math.max(0, crash.index - 200)).slice(0, 500) });
  for (const { domain, state } of told.outcomes) {
    if (state === 'unended') found.push({ wrong: 'not ended', what: domain });
  }
  const isNamed = namedIn(court);
  const unreadable = there.filter(({ fields }) => !isReadable(fields));
  switch (deed) {
    case 'look':
      return [...found, ...unreadable.filter((each) => !isNamed(each)).map(notNamed)];
    case 'orphans':
      // Why nothing was removed may be said by some of them.
      if (unreadable.length === 0 || unreadable.some(isNamed)) return found;
      return [...found, ...unreadable.slice(0, 1).map(notNamed)];
    case 'destroy':
    case 'repair':
    case 'install':
      return [...found, ...targets.filter((each) => !isNamed(each)).map(notNamed)];
    default:
      return deed satisfies never;
  }
}

function notNamed(document: StrangeDocument): Found {
  return { wrong: 'not named', what: textOf(document) };
}

/** Ordinary instances that share nothing have what was asked for, or the product only ever refuses. */
function notDone(court: Court, there: readonly StrangeDocument[], orphans: readonly Orphan[]): Found[] {
  const { deed, targets, before, after } = court;
  if (deed === 'orphans') return leftOrphans(orphans, there, before, after);
  return targets.flatMap((document): Found[] => {
    if (!isApart(document, there) || outcomeOf(court, document) === 'done') return [];
    return [{ wrong: 'not done', what: `${textOf(document)}: ${outcomeOf(court, document) ?? 'no word'}` }];
  });
}

/** Whether no other document as much as speaks of it. */
function isApart({ id, mark, fields }: StrangeDocument, there: readonly StrangeDocument[]): boolean {
  if (mark === undefined) return false;
  const signs = [mark, String(fields['prefix'])];
  return there.every((other) => other.id === id || !speaksOf(other, signs));
}

function speaksOf({ fields }: StrangeDocument, signs: readonly string[]): boolean {
  const text = JSON.stringify(fields).normalize('NFKC').toLowerCase();
  return signs.some((sign) => text.includes(sign.toLowerCase()));
}

/** As long as every document can be read, what nobody speaks of goes. */
function leftOrphans(
  orphans: readonly Orphan[],
  there: readonly StrangeDocument[],
  before: Snapshot,
  after: Snapshot,
): Found[] {
  if (there.some(({ fields }) => !isReadable(fields))) return [];
  return orphans.flatMap(({ folder, prefix }): Found[] => {
    if (there.some((document) => speaksOf(document, [folder, prefix]))) return [];
    const path = `${ROOT}/${folder}`;
    const isLeft = before.files.has(path) && after.files.has(path);
    const databases = [...after.databases.keys()].filter((name) => name.startsWith(`${prefix}/`));
    return isLeft || databases.length > 0 ? [{ wrong: 'not done', what: `${folder} is left` }] : [];
  });
}

function mayWrite(
  deed: Deed,
  whose: ReadonlySet<StrangeDocument>,
  allowed: ReadonlySet<StrangeDocument>,
): boolean {
  return deed !== 'look' && deed !== 'orphans' && isAllOf(whose, allowed);
}

/** Whether there are any, and all of them are among these. */
function isAllOf(some: ReadonlySet<StrangeDocument>, allowed: ReadonlySet<StrangeDocument>): boolean {
  return some.size > 0 && [...some].every((each) => allowed.has(each));
}

/** First part of a path in the storage; undefined for what is around it. */
function folderOf(path: string): string | undefined {
  return path.startsWith(`${ROOT}/`) ? path.slice(ROOT.length + 1).split('/')[0] : undefined;
}

/** What is left of a text that no terminal, table or quotation changes. */
function squeezed(text: string): string {
  return text.replace(/\\u[0-9a-f]{4}|\\[ntr]/g, '').replace(/[^\p{L}\p{N}./:%=|_-]/gu, '');
}

function outcomeOf(
  { told: { outcomes }, targets }: Pick<Trial, 'told' | 'targets'>,
  { fields: { domain } }: StrangeDocument,
): Outcome['state'] | undefined {
  if (typeof domain !== 'string') return undefined;
  const exact = outcomes.filter((each) => each.domain === domain);
  const isOfAnother = (row: Outcome) => targets.some(({ fields }) => fields['domain'] === row.domain);
  const similar = () =>
    outcomes.filter((each) => squeezed(each.domain) === squeezed(domain) && !isOfAnother(each));
  const found = exact.length > 0 ? exact : similar();
  // Of two documents with one domain, nobody can tell whose row it is.
  return (found.find(({ state }) => state === 'done') ?? found[0])?.state;
}

function namedIn(court: Court): (document: StrangeDocument) => boolean {
  const { told } = court;
  const all = squeezed(told.said);
  return (document) => {
    const { domain } = document.fields;
    if (told.said.includes(document.id) || outcomeOf(court, document) !== undefined) return true;
    if (typeof domain !== 'string') return false;
    const text = squeezed(domain);
    return text.length > 7 && all.includes(text);
  };
}

function listed(whose: ReadonlySet<StrangeDocument>): string {
  return whose.size === 0 ? 'nobody' : [...whose].map(textOf).join(' and ');
}

/** A document with what matters of it, and its fleet. */
export function textOf({ id, fleet, fields }: StrangeDocument): string {
  const {
    domain,
    prefix,
    domain_aliases: aliases,
    old_domain: former,
    couch_cluster: cluster,
    context,
  } = fields;
  return `fleet ${fleet} ${id} ${JSON.stringify({ domain, prefix, aliases, former, cluster, context })}`;
}
