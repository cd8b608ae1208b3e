import { UnsafePath } from './errors.ts';

/** What the file system of a storage makes of names. */
export interface NameRules {
  /** Whether names go by the rules of Windows. */
  readonly windows: boolean;
  /** Whether two names may lead to one directory (`learnFolding`); asked only for names that could be such. */
  folds(): Promise<boolean>;
}

/** What the stack itself keeps beside the directories of the instances: its assets, and the archives of exports. */
export const OF_THE_STACK: ReadonlySet<string> = new Set(['dyn-assets', 'exports']);

/** The longest name on the usual file systems, in bytes. */
const MAX_NAME_BYTES = 255;

/** No more of a name is repeated in a sentence. */
const MAX_SHOWN = 100;

const SEPARATOR = /[/\\]/;
const CONTROL = /\p{Cc}/u;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Some file systems leave them out of a name when they compare it. */
const IGNORED = /\p{Default_Ignorable_Code_Point}/u;
const DOT_OR_BLANK_LAST = /[. ]$/;

/** A stream of a file is meant by a colon, and `~1` ends short names of others. */
const ILLEGAL_ON_WINDOWS = /[<>:"|?*]|~\d/;
const DEVICE_OF_WINDOWS = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$) *(\.|$)/i;

/**
 * The one way from a domain to a place: the name of its directory, exactly one entry of the storage's root. The
 * domain may come from any program, so it is checked here whatever checked it before.
 *
 * @throws UnsafePath
 */
export async function directoryName(domain: string, rules: NameRules): Promise<string> {
  const problem = domainProblem(domain, rules.windows);
  if (problem !== undefined) throw unsafeDomain(domain, problem);
  if (!isOneForm(domain) && (await rules.folds())) {
    throw unsafeDomain(domain, 'on this file system it may be the name of the directory of another one');
  }
  return domain;
}

/**
 * The names that lead from the directory of an instance to what a document of it tells of; none for `/`. Names of
 * files are their owner's: of what a file system takes, only that is refused which leads elsewhere.
 *
 * @param path as in documents, such as `/Photos/cat.jpg`
 * @throws UnsafePath
 */
export function namesOnPath(domain: string, path: string, { windows }: Pick<NameRules, 'windows'>): string[] {
  if (!path.startsWith('/')) throw unsafePath(domain, path, 'it does not begin with a slash');
  if (path === '/') return [];
  const names = path.slice(1).split('/');
  for (const name of names) {
    const problem = entryProblem(name, windows);
    if (problem !== undefined) throw unsafePath(domain, path, problem);
  }
  return names;
}

function domainProblem(domain: unknown, windows: boolean): string | undefined {
  if (typeof domain !== 'string') return 'it is no text';
  if (domain === '') return 'it is empty';
  // Our own names begin with a dot, and so do those that lead up.
  if (domain.startsWith('.')) return 'it begins with a dot';
  if (SEPARATOR.test(domain)) return 'there is a slash in it';
  if (CONTROL.test(domain)) return 'there is a control character in it';
  if (OF_THE_STACK.has(domain)) return 'the stack has a directory of its own under that name';
  return entryProblem(domain, windows);
}

/** Why a name is not that of exactly one entry of a directory. */
function entryProblem(name: string, windows: boolean): string | undefined {
  if (name === '') return 'there is an empty name in it';
  if (name === '.' || name === '..') return `${JSON.stringify(name)} leads elsewhere`;
  if (name.includes('\0')) return 'there is a NUL in it';
  if (LONE_SURROGATE.test(name)) return 'it is not valid Unicode';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `a name is longer than ${MAX_NAME_BYTES} bytes`;
  return windows ? problemOnWindows(name) : undefined;
}

function problemOnWindows(name: string): string | undefined {
  if (name.includes('\\')) return 'there is a slash in it';
  if (CONTROL.test(name)) return 'there is a control character in it';
  if (DOT_OR_BLANK_LAST.test(name)) return 'Windows leaves off a dot or blank at the end';
  if (ILLEGAL_ON_WINDOWS.test(name)) return 'it has another meaning on Windows';
  if (DEVICE_OF_WINDOWS.test(name)) return 'it is the name of a device on Windows';
  return undefined;
}

/** Whether no other name of this form is the same to a file system that takes some names for one. */
function isOneForm(name: string): boolean {
  if (IGNORED.test(name) || DOT_OR_BLANK_LAST.test(name)) return false;
  // By way of upper case, since `ß` and `ss`, or the two small sigmas, are the same to some.
  return name.toUpperCase().toLowerCase().normalize('NFKC') === name;
}

function unsafeDomain(domain: unknown, problem: string): UnsafePath {
  return new UnsafePath(
    `${shown(domain)} cannot be the name of an instance's directory: ${problem}`,
    'Nothing was touched. Choose another domain; where an instance has this one, correct its document in global/instances, or remove that document by hand.',
  );
}

function unsafePath(domain: string, path: string, problem: string): UnsafePath {
  return new UnsafePath(
    `${shown(path)} cannot be a path in the directory of ${shown(domain)}: ${problem}`,
    'Nothing was touched. Correct the document of that file or directory, or remove it by hand.',
  );
}

function shown(value: unknown): string {
  if (typeof value !== 'string') return `a domain of type ${value === null ? 'null' : typeof value}`;
  return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
}
