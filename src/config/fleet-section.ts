import * as z from 'zod';
import { INDEXES_VERSIONS } from './config.ts';
import { fleetRedisGroup, fleetRedisUrl } from './fleet-redis.ts';
import { NOTIFY_ADDRESS, notifyAddress } from './notify-address.ts';
import { poolSection } from './pool-section.ts';
import { isNetwork, parseAppHost, urlWithScheme, withoutTrailingSlashes } from './urls.ts';
import { MAP, wholeNumber } from './values.ts';

const INDEXES_VERSION = `must be ${INDEXES_VERSIONS.join(' or ')}`;

const indexesVersion = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], INDEXES_VERSION)
  .pipe(z.literal(INDEXES_VERSIONS, INDEXES_VERSION));

const APP_HOST = 'must be a host, or a host and a port, such as apps.internal:8080';

const appHost = z.string(APP_HOST).transform((value, context) => {
  const host = parseAppHost(value);
  if (host !== undefined) return host;
  context.addIssue({ code: 'custom', message: APP_HOST });
  return z.NEVER;
});

const STACK_URL = 'must be the http:// or https:// URL of a stack, without path, user or query';

/** A server that requests are passed on to. */
const stackUrl = z.string(STACK_URL).transform((value, context) => {
  const url = urlWithScheme(value, ['http:', 'https:']);
  if (url !== undefined && withoutTrailingSlashes(url.href) === url.origin) return url.origin;
  context.addIssue({ code: 'custom', message: STACK_URL });
  return z.NEVER;
});

const BIND_HOST = 'must be the address or the name to listen on';
const bindHost = z.string(BIND_HOST).min(1, BIND_HOST);
const port = wholeNumber(0, 65_535);

const PROXY = 'must be a list of addresses or networks, such as 10.0.0.0/8';

const proxyNetwork = z.string(PROXY).refine(isNetwork, PROXY);

const TOKEN = 'must be at least 16 characters that can be seen, without blanks';
const bearerToken = z.string(TOKEN).regex(/^[\x21-\x7e]{16,512}$/, TOKEN);

const SKELETON_TYPES = 'must be a map of extensions to media types, such as md: text/markdown';
const MEDIA_TYPE = /^[a-z0-9][a-z0-9.+-]*\/[A-Za-z0-9][A-Za-z0-9.+_-]*$/;
const PASSPHRASE = 'must be the admin passphrase of the stack, in clear';

/** Where batches send their notices. */
const notifyTo = z.string(NOTIFY_ADDRESS).transform((value, context) => {
  const address = notifyAddress(value);
  if (address !== undefined) return address;
  context.addIssue({ code: 'custom', message: NOTIFY_ADDRESS });
  return z.NEVER;
});

/** The `fleet` section, ours alone. Messages are what follows the name of the key, and never hold the value. */
export const fleetSection = z.strictObject(
  {
    redis_url: fleetRedisUrl.optional(),
    redis: fleetRedisGroup.optional(),
    concurrency: wholeNumber(1, 256).default(4),
    link_scheme: z.enum(['https', 'http'], 'must be https or http').default('https'),
    q: wholeNumber(1, 64).optional(),
    n: wholeNumber(1, 9).optional(),
    connections: wholeNumber(1, 1024).default(32),
    grace: wholeNumber(1, 600).default(10),
    app_cache: z
      .string('must be the path of a directory')
      .min(1, 'must be the path of a directory')
      .optional(),
    skeleton: z
      .string('must be the path of a directory')
      .min(1, 'must be the path of a directory')
      .optional(),
    skeleton_types: z
      .record(
        z.string().regex(/^[a-z0-9_+-]+$/, SKELETON_TYPES),
        z.string(SKELETON_TYPES).regex(MEDIA_TYPE, SKELETON_TYPES),
        SKELETON_TYPES,
      )
      .default({}),
    indexes_version: indexesVersion.optional(),
    app_hosts: z.array(appHost, 'must be a list of hosts').default([]),
    app_cache_mb: wholeNumber(64, 1_048_576).default(2048),
    // The stack's own are 8080 and 6060.
    public_host: bindHost.default('127.0.0.1'),
    public_port: port.default(8090),
    admin_host: bindHost.default('127.0.0.1'),
    admin_port: port.default(6070),
    trusted_proxies: z.array(proxyNetwork, PROXY).default([]),
    upstream: stackUrl.optional(),
    admin_upstream: stackUrl.optional(),
    admin_passphrase: z.string(PASSPHRASE).min(1, PASSPHRASE).optional(),
    cloudery_token: bearerToken.optional(),
    notify: notifyTo.optional(),
    pool: poolSection.optional(),
    // Per cent of all instances.
    guard: wholeNumber(0, 100).default(5),
    hold: wholeNumber(1, 86_400).default(1740),
    // Braces would break the hash tag our Redis scripts rely on.
    prefix: z
      .string('must be a short text')
      .regex(/^[\w.-]{1,32}$/, 'must be 1 to 32 letters, digits, dots, dashes or underscores')
      .default('fleet'),
  },
  {
    error: (issue) => (issue.code === 'unrecognized_keys' ? 'is not a setting of cozy-fleet' : MAP),
  },
);

/** Settings of the `fleet` section, for the advice on one that does not exist. */
export const FLEET_KEYS: readonly string[] = Object.keys(fleetSection.shape);
