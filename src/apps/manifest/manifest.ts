import * as z from 'zod';
import { AppError } from '../errors.ts';
import { type PermissionRules, permissionRules } from './permissions.ts';
import { type ServicesByName, services } from './services.ts';

/** Web applications have pages; konnectors fetch data. */
export type AppKind = 'webapp' | 'konnector';

/** The manifest of an application, checked and as the stack stores it (`docs/cozy-data.md` §5.3). */
export type Manifest = WebappManifest | KonnectorManifest;

interface ManifestFacts {
  /** The manifest's own; a registry may know better. */
  readonly slug: string | undefined;
  readonly version: string | undefined;
  readonly permissions: PermissionRules;
  /** Everything that goes to the application's document, unknown fields included. */
  readonly stored: Readonly<Record<string, unknown>>;
}

export interface WebappManifest extends ManifestFacts {
  readonly kind: 'webapp';
  readonly services: ServicesByName | null;
}

export interface KonnectorManifest extends ManifestFacts {
  readonly kind: 'konnector';
}

/** Largest manifest, in bytes of JSON, wherever it comes from (`docs/cozy-data.md` §5.1). */
export const MANIFEST_LIMIT_BYTES = 2 * 1024 * 1024;

/** Deepest nesting: far more than any manifest needs, far less than what a recursive function could walk. */
const NESTING_LIMIT = 100;

/** Half a character: JSON can name it, CouchDB refuses it. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const NOT_UNICODE = 'has a text that is not Unicode';

/** Name of the file that holds the manifest, by kind. */
export const MANIFEST_NAMES: Readonly<Record<AppKind, string>> = {
  webapp: 'manifest.webapp',
  konnector: 'manifest.konnector',
};

/** What a slug may look like (`docs/cozy-data.md` §5.1); it names directories and hosts. */
const SLUG = /^[a-z0-9-]{1,100}$/;

/**
 * A version becomes part of a path: no separators, and it cannot be `.` or `..`; `tmp` begins the names of
 * what is on its way to its place.
 */
const VERSION = /^(?!tmp)[0-9A-Za-z][0-9A-Za-z.+_-]{0,99}$/;

/** Nanoseconds, as Go keeps them. */
const duration = z.int('must be a whole number of nanoseconds').nullish();
const flag = z.boolean('must be true or false').nullish();
const text = z.string('must be a text').nullish();
const orEmpty = text.transform((value) => value ?? '');
const map = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value, 'must be a map');

const notification = z
  .object(
    {
      description: text,
      collapsible: flag,
      multiple: flag,
      stateful: flag,
      default_priority: text,
      time_to_live: duration,
      templates: map(z.string('must be a text')).nullish(),
      min_interval: duration,
    },
    'must be a notification',
  )
  .transform((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value))));

const intent = z.object(
  {
    action: orEmpty,
    type: z
      .array(z.string('must be a text'), 'must be a list')
      .nullish()
      .transform((types) => types ?? null),
    href: orEmpty,
  },
  'must be an intent',
);

const route = z.object(
  { folder: orEmpty, index: orEmpty, public: flag.transform((value) => value ?? false) },
  'must be a route',
);

/** An application without routes is one page for its owner. */
const ONE_ROUTE = { '/': { folder: '/', index: 'index.html', public: false } };

const orNull = <Value extends z.ZodType>(value: Value) => value.nullish().transform((given) => given ?? null);

const common = {
  slug: z.string('must be a text').refine(isSlug, 'must be a slug: a-z, 0-9 and - only').optional(),
  version: z.string('must be a text').refine(isVersion, 'must be a version such as 1.2.3').optional(),
  permissions: permissionRules,
};

/*
 * What an application is goes by the name of its file, as for the stack: its `type` may be anything, such as
 * `node`, but not the very other kind.
 */

const webapp = z.looseObject({
  ...common,
  type: z
    .string('must be a text')
    .refine((type) => type !== 'konnector', 'must not be konnector in a manifest.webapp')
    .nullish(),
  terms: z
    .object({ url: orEmpty, version: orEmpty }, 'must be a map')
    .nullish()
    .transform((terms) => terms ?? { url: '', version: '' }),
  intents: orNull(z.array(intent, 'must be a list')),
  routes: map(route)
    .nullish()
    .transform((routes) => (routes && Object.keys(routes).length > 0 ? routes : ONE_ROUTE)),
  services,
  locales: orNull(map(z.unknown())),
  notifications: orNull(map(notification)),
});

const konnector = z.looseObject({
  ...common,
  type: z
    .unknown()
    .refine((type) => type !== 'webapp', 'must not be webapp in a manifest.konnector')
    .optional(),
});

/** Whether an application may have this text as its slug. */
export function isSlug(text: string): boolean {
  return SLUG.test(text);
}

/** Whether an application may have this text as its version. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/**
 * Reads the text of a manifest.
 *
 * @param from what it is the manifest of, for errors
 * @throws {AppError} `app_manifest` naming the field
 */
export function parseManifest(json: string, kind: AppKind, from: string): Manifest {
  if (Buffer.byteLength(json) > MANIFEST_LIMIT_BYTES) throw manifestTooLarge(from);
  return checkManifest(parsedJson(json, from), kind, from);
}

/**
 * Checks a manifest that came inside a registry's answer, as `parseManifest` does.
 *
 * @param from what it is the manifest of, for errors
 * @throws {AppError} `app_manifest` naming the field
 */
export function checkManifest(value: unknown, kind: AppKind, from: string): Manifest {
  const flaw = flawOf(value);
  if (flaw !== undefined) throw invalid(from, flaw);
  if (Buffer.byteLength(JSON.stringify(value) ?? '') > MANIFEST_LIMIT_BYTES) throw manifestTooLarge(from);
  switch (kind) {
    case 'webapp': {
      const manifest = checked(webapp, value, from);
      return { kind, ...factsOf(manifest), services: manifest.services };
    }
    case 'konnector': {
      const { parameters, ...manifest } = checked(konnector, value, from);
      return { kind, ...factsOf(parameters == null ? manifest : { ...manifest, parameters }) };
    }
  }
}

/** A manifest beyond `MANIFEST_LIMIT_BYTES`. @param from what it is the manifest of */
export function manifestTooLarge(from: string): AppError {
  return invalid(from, `has more than ${MANIFEST_LIMIT_BYTES} bytes`);
}

/**
 * Why CouchDB would not take a value, or we could not write it as JSON: unknown fields are stored as they are.
 * Not recursive, for it also finds values that are nested too deep.
 */
function flawOf(value: unknown): string | undefined {
  const toDo: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = toDo.pop(); next !== undefined; next = toDo.pop()) {
    if (typeof next.value === 'string' && LONE_SURROGATE.test(next.value)) return NOT_UNICODE;
    if (typeof next.value !== 'object' || next.value === null) continue;
    const depth = next.depth + 1;
    if (depth > NESTING_LIMIT) return `is nested more than ${NESTING_LIMIT} deep`;
    for (const [name, inside] of Object.entries(next.value)) {
      if (LONE_SURROGATE.test(name)) return NOT_UNICODE;
      toDo.push({ value: inside, depth });
    }
  }
  return undefined;
}

function factsOf(manifest: {
  slug?: string | undefined;
  version?: string | undefined;
  permissions: PermissionRules;
}): ManifestFacts {
  // CouchDB keeps such names for itself, and would refuse the document.
  const stored = Object.fromEntries(Object.entries(manifest).filter(([name]) => !name.startsWith('_')));
  return {
    slug: manifest.slug,
    version: manifest.version,
    permissions: manifest.permissions,
    stored,
  };
}

function parsedJson(json: string, from: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return value;
  } catch {
    throw invalid(from, 'is not JSON');
  }
}

function checked<Output>(schema: z.ZodType<Output>, value: unknown, from: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.map(String).join('.') ?? '';
  throw invalid(
    from,
    field === '' ? 'is not a map of fields' : `is not valid: ${JSON.stringify(field)} ${issue?.message}`,
  );
}

function invalid(from: string, what: string): AppError {
  return new AppError(
    'app_manifest',
    `the manifest of ${from} ${what}`,
    'final',
    'Tell those who publish the application.',
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
