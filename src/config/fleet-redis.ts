import { resolve } from 'node:path';
import * as z from 'zod';
import { type RedisNode, type RedisTarget, type RedisTls, redisNodes, redisTarget } from './redis-target.ts';
import { MAP, path, text, wholeNumber } from './values.ts';

const ADDRESSES =
  'must be the host:port of Redis servers or of sentinels, with spaces between them, or a list of them';
const TLS = 'must be true, false, or a map with root_ca, client_cert, client_key or insecure_skip_validation';
const URL_FORMS =
  'must be a redis:// or rediss:// URL, or that of a socket such as unix:///run/redis.sock?db=1; ' +
  'special characters of a password must be percent-encoded';

const addresses = z
  .union([z.string(), z.array(z.string())], ADDRESSES)
  .transform((value, context): readonly RedisNode[] => {
    const nodes = redisNodes(typeof value === 'string' ? value : value.join(' '));
    if (nodes !== undefined && nodes.length > 0) return nodes;
    context.addIssue({ code: 'custom', message: ADDRESSES });
    return z.NEVER;
  });

const isOn = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')], TLS);

/** Where a map is something else, `otherwise` goes after the name of its key. */
const unknownKeyOr = (otherwise: string) => ({
  error: ({ code }: { readonly code: string }) =>
    code === 'unrecognized_keys' ? 'is not a setting of cozy-fleet' : otherwise,
});

const tlsMap = z.strictObject(
  {
    root_ca: path.optional(),
    client_cert: path.optional(),
    client_key: path.optional(),
    insecure_skip_validation: isOn.default(false),
  },
  unknownKeyOr(TLS),
);

const tls = z.union([isOn, tlsMap], TLS);

/** `fleet.redis_url`. */
export const fleetRedisUrl = z.string(URL_FORMS).transform((value, context): RedisTarget => {
  const target = redisTarget(value);
  if (target !== undefined) return target;
  context.addIssue({ code: 'custom', message: URL_FORMS });
  return z.NEVER;
});

/** `fleet.redis`: a Redis behind sentinels, a cluster, or one that needs more words than a URL has. */
export const fleetRedisGroup = z
  .strictObject(
    {
      addrs: addresses,
      master: text.default(''),
      username: text.default(''),
      password: text.default(''),
      sentinel_username: text.default(''),
      sentinel_password: text.default(''),
      tls: tls.default(false),
      database: wholeNumber(0, 65_535).default(0),
    },
    unknownKeyOr(MAP),
  )
  .superRefine((group, context) => {
    const refuse = (key: keyof typeof group, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    const isCluster = group.master === '' && group.addrs.length > 1;
    if (isCluster && group.database !== 0)
      refuse('database', 'must be 0 or absent: a Redis cluster has no other');
    if (group.master !== '') return;
    for (const key of ['sentinel_username', 'sentinel_password'] as const) {
      if (group[key] !== '') refuse(key, 'is of use only where fleet.redis.master names a master');
    }
  });

/** Settings of `fleet.redis` and of the maps in it by their path, for the advice on one that does not exist. */
export const FLEET_REDIS_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['fleet.redis', Object.keys(fleetRedisGroup.shape)],
  ['fleet.redis.tls', Object.keys(tlsMap.shape)],
]);

const DEFAULT: RedisTarget = {
  kind: 'server',
  mayBeCluster: false,
  host: 'localhost',
  port: 6379,
  database: 0,
};

/** Where the fleet's own Redis is. @param cwd what paths of certificates are relative to */
export function fleetRedisOf(
  url: RedisTarget | undefined,
  group: z.infer<typeof fleetRedisGroup> | undefined,
  cwd: string,
): RedisTarget {
  if (group === undefined) return url ?? DEFAULT;
  const { addrs, master, username, password, database } = group;
  const access = {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...tlsOf(group.tls, cwd),
    database,
  };
  if (master !== '') {
    const { sentinel_username: sentinelUsername, sentinel_password: sentinelPassword } = group;
    return {
      kind: 'sentinel',
      master,
      nodes: addrs,
      ...access,
      ...(sentinelUsername !== '' && { sentinelUsername }),
      ...(sentinelPassword !== '' && { sentinelPassword }),
    };
  }
  const [first] = addrs;
  // A cluster may be given by one address, that of any node.
  if (addrs.length === 1 && first !== undefined)
    return { kind: 'server', mayBeCluster: true, ...first, ...access };
  return { kind: 'cluster', nodes: addrs, ...access };
}

function tlsOf(given: z.infer<typeof tls>, cwd: string): { readonly tls?: RedisTls } {
  if (given === false) return {};
  if (given === true) return { tls: { skipVerify: false } };
  const { root_ca, client_cert, client_key, insecure_skip_validation } = given;
  return {
    tls: {
      ...(root_ca && { rootCa: resolve(cwd, root_ca) }),
      ...(client_cert && { clientCert: resolve(cwd, client_cert) }),
      ...(client_key && { clientKey: resolve(cwd, client_key) }),
      skipVerify: insecure_skip_validation,
    },
  };
}
