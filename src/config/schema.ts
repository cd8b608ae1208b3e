import * as z from 'zod';
import { fleetSection } from './fleet-section.ts';
import { redisNodes, redisTarget, type SingleRedis } from './redis-target.ts';
import { storageRoot } from './storage-root.ts';
import { urlWithScheme, withoutTrailingSlashes } from './urls.ts';
import { MAP, path, text, wholeNumber } from './values.ts';

/*
 * Messages are what follows the name of the key in a sentence, and never hold the value: it may be a
 * password. Unknown keys are the stack's own business, except in `fleet`.
 */

const COUCH_URL =
  'must be an http:// or https:// URL without query; special characters of a password must be percent-encoded';
const HTTP_URL = 'must be an http:// or https:// URL';

const couchUrl = z.string(COUCH_URL).transform((value, context) => {
  const url = urlWithScheme(value, ['http:', 'https:']);
  if (url === undefined || url.search !== '' || url.hash !== '') {
    context.addIssue({ code: 'custom', message: COUCH_URL });
    return z.NEVER;
  }
  return withoutTrailingSlashes(url.href);
});

const STACK_REDIS_URL =
  'must be a redis:// or rediss:// URL, such as redis://localhost:6379/2, or that of a socket, such as unix:///run/redis.sock?db=2';
const ADDRESSES =
  'must be the host:port of a Redis, or of its sentinels with spaces between them; the stack passes over a list';

/** Empty counts as unset, as in the stack. */
const ownRedisUrl = z
  .string(STACK_REDIS_URL)
  .transform((value, context): SingleRedis | undefined => {
    const target = value === '' ? undefined : redisTarget(value, { strict: false });
    if (target !== undefined || value === '') return target;
    context.addIssue({ code: 'custom', message: STACK_REDIS_URL });
    return z.NEVER;
  })
  .optional();

const addresses = z
  .union([z.string(), z.tuple([]).transform(() => '')], ADDRESSES)
  .transform((value, context) => {
    const nodes = redisNodes(value);
    if (nodes !== undefined) return nodes;
    context.addIssue({ code: 'custom', message: ADDRESSES });
    return z.NEVER;
  });

/** As Go reads a boolean; a variable's is a text. */
const goBool = z.union(
  [
    z.boolean(),
    z.stringbool({
      truthy: ['1', 't', 'T', 'TRUE', 'true', 'True'],
      falsy: ['0', 'f', 'F', 'FALSE', 'false', 'False'],
      case: 'sensitive',
    }),
  ],
  'must be true or false',
);

/** Empty counts as unset, as in the stack. */
const optionalFile = z.string('must be the path of a file').default('');

const PINNED_KEY = 'must be the SHA-256 of a public key as 64 hexadecimal digits';
const pinnedKey = z
  .string(PINNED_KEY)
  .regex(/^([0-9a-f]{64})?$/i, PINNED_KEY)
  .default('');

const fsUrl = z
  .string('must be set to the directory where the stack keeps files, such as file:///var/lib/cozy')
  .transform((value, context) => {
    const result = storageRoot(value);
    if ('root' in result) return result.root;
    context.addIssue({ code: 'custom', message: result.problem });
    return z.NEVER;
  });

const REGISTRY_URL = 'must be the http:// or https:// URL of a registry, without query';

const registryUrl = z.string(REGISTRY_URL).transform((value, context) => {
  const url = urlWithScheme(value, ['http:', 'https:']);
  if (url === undefined || url.search !== '' || url.hash !== '') {
    context.addIssue({ code: 'custom', message: REGISTRY_URL });
    return z.NEVER;
  }
  return url.href;
});

const registryList = z.array(registryUrl, 'must be a list of URLs');

const registryMap = z.record(
  z.string(),
  registryList,
  'must be a list of URLs, or a map of contexts to such lists',
);

/** The stack's admin server; what it listens on is not ours to use. */
const admin = z.object(
  {
    secret_filename: z
      .string('must be the name of a file')
      .min(1, 'must be the name of a file')
      .default('cozy-admin-passphrase'),
  },
  MAP,
);

/** Where the stack keeps its jobs, triggers and locks; its defaults are those of its example file. */
const redis = z.object(
  {
    addrs: addresses.default([]),
    master: z.string('must be the name of a master').default(''),
    password: text.default(''),
    databases: z
      .object(
        {
          jobs: wholeNumber(0, 65_535).default(0),
          lock: wholeNumber(0, 65_535).default(2),
          // Without it no stack starts that has a Redis, so that none is made up here.
          sessions: wholeNumber(0, 65_535).optional(),
        },
        MAP,
      )
      .prefault({}),
  },
  MAP,
);

/** A section with settings of the stack, of which one may be a Redis for this use alone. */
const ownRedis = z.object({ url: ownRedisUrl }, MAP);

/** A bare list is that of `default`. Not a union: its error would not say which URL is wrong. */
const registries = z.unknown().transform((value, context): Record<string, string[]> => {
  const checked = Array.isArray(value) ? registryList.safeParse(value) : registryMap.safeParse(value);
  if (checked.success) {
    if (!Array.isArray(checked.data)) return checked.data;
    // To the stack, an empty bare list is as good as none: it asks the public registry then.
    return checked.data.length === 0 ? {} : { default: checked.data };
  }
  for (const { path, message } of checked.error.issues) {
    context.addIssue({ code: 'custom', path, message });
  }
  return z.NEVER;
});

/** What we read of a context; the rest is kept, and is the stack's. */
const contextSection = z.looseObject(
  { init_administrative_folder: z.unknown().optional(), init_photos_folder: z.unknown().optional() },
  MAP,
);

/** What we read of how the users of a context log in; anything but a map says nothing. */
const loginSection = z.looseObject({ disable_password_authentication: z.unknown().optional() });

const sections = z.object({
  couchdb: z
    .object(
      {
        url: couchUrl.default('http://localhost:5984'),
        clusters: z
          .array(
            z.object(
              {
                url: couchUrl,
                instance_creation: z.boolean('must be true or false').default(true),
              },
              'must be a map with the key url',
            ),
            'must be a list',
          )
          .default([]),
        root_ca: optionalFile,
        client_cert: optionalFile,
        client_key: optionalFile,
        pinned_key: pinnedKey,
        insecure_skip_validation: goBool.default(false),
      },
      MAP,
    )
    .prefault({}),
  fs: z.object({ url: fsUrl }, MAP),
  subdomains: z.enum(['nested', 'flat'], 'must be nested or flat').default('nested'),
  contexts: z.record(z.string(), contextSection, MAP).default({}),
  authentication: z.record(z.string(), z.union([loginSection, z.unknown()]), MAP).default({}),
  vault: z
    .object({ credentials_encryptor_key: path.optional(), credentials_decryptor_key: path.optional() }, MAP)
    .prefault({}),
  common_settings: z
    .record(
      z.string(),
      z.object(
        {
          url: z
            .string(HTTP_URL)
            .refine((value) => urlWithScheme(value, ['http:', 'https:']), HTTP_URL)
            .optional(),
          token: text.default(''),
        },
        MAP,
      ),
      MAP,
    )
    .default({}),
  clouderies: z
    .record(
      z.string(),
      z.object(
        {
          api: z
            .object(
              {
                url: z
                  .string(HTTP_URL)
                  .refine((value) => value === '' || urlWithScheme(value, ['http:', 'https:']), HTTP_URL)
                  .default(''),
                token: text.default(''),
              },
              MAP,
            )
            .prefault({}),
        },
        MAP,
      ),
      MAP,
    )
    .default({}),
  admin: admin.prefault({}),
  redis: redis.prefault({}),
  jobs: ownRedis.extend({ defaultdurationtokeep: text.optional() }).prefault({}),
  lock: ownRedis.prefault({}),
  sessions: ownRedis.prefault({}),
  rag: z
    .record(
      z.string(),
      z.object(
        {
          url: z
            .string(HTTP_URL)
            .refine((value) => value === '' || urlWithScheme(value, ['http:', 'https:']), HTTP_URL)
            .default(''),
          api_key: text.default(''),
        },
        MAP,
      ),
      MAP,
    )
    .default({}),
  registries: registries.prefault({}),
  fleet: fleetSection.prefault({}),
});

/** The keys we use of the stack's configuration (`docs/admin-api.md` §4), and our `fleet` section. */
export const configSchema = sections.superRefine(({ redis: { addrs, master }, ...checked }, context) => {
  if (checked.fleet.redis !== undefined && checked.fleet.redis_url !== undefined) {
    const message = 'must not be set together with fleet.redis_url: they may name two';
    context.addIssue({ code: 'custom', path: ['fleet', 'redis'], message });
  }
  if (addrs.length === 0) return;
  for (const use of ['jobs', 'lock', 'sessions'] as const) {
    if (checked[use].url === undefined) continue;
    const message = 'must not be set together with redis.addrs: the stack starts with only one of them';
    context.addIssue({ code: 'custom', path: [use, 'url'], message });
  }
  if (addrs.length > 1 && master === '') {
    const message =
      'must be one address, unless they are sentinels of redis.master: a Redis cluster cannot be used';
    context.addIssue({ code: 'custom', path: ['redis', 'addrs'], message });
  }
});

export type CheckedConfig = z.infer<typeof configSchema>;
