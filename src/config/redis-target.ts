import { parseUrl } from './urls.ts';

/** Where a Redis, or a sentinel of one, listens. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** How TLS is spoken; the paths are those of PEM files. */
export interface RedisTls {
  /** Replaces the system's certificate authorities. */
  readonly rootCa?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  /** Whether any certificate is taken. */
  readonly skipVerify: boolean;
}

/** The user that we are to a Redis, and what of it we use. */
export interface RedisAccess {
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  /** Absent = without TLS. */
  readonly tls?: RedisTls;
}

/** A Redis, however it is run. Credentials included: print it but through `redisAddress`. */
export type RedisTarget = RedisAccess &
  (
    | ({
        readonly kind: 'server';
        /** Whether it may turn out to be a node of a cluster, which is then used as one. */
        readonly mayBeCluster: boolean;
      } & RedisNode)
    | { readonly kind: 'socket'; readonly path: string }
    | {
        /** Whichever Redis the sentinels name as that master. */
        readonly kind: 'sentinel';
        readonly master: string;
        readonly nodes: readonly RedisNode[];
        readonly sentinelUsername?: string;
        readonly sentinelPassword?: string;
      }
    | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] }
  );

/** What one connection at a time leads to. */
export type SingleRedis = Exclude<RedisTarget, { readonly kind: 'cluster' }>;

const NODE = /^(?<host>\[[0-9a-f:.]+\]|[^\s:/@[\]]+):(?<port>\d{1,5})$/i;

/** An address `host:port`; undefined when it is none. */
function redisNode(text: string): RedisNode | undefined {
  const { host = '', port = '' } = NODE.exec(text)?.groups ?? {};
  if (host === '' || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Addresses with spaces between them; undefined when one is not host:port. */
export function redisNodes(text: string): RedisNode[] | undefined {
  const nodes: RedisNode[] = [];
  for (const address of text.split(/\s+/).filter((part) => part !== '')) {
    const node = redisNode(address);
    if (node === undefined) return undefined;
    nodes.push(node);
  }
  return nodes;
}

/** Settings in the query of a URL that are ours to understand; any other belongs to some client. */
const QUERY = ['db', 'skip_verify'];

export interface RedisUrlRules {
  /** Refuses what only another client would understand, and a database that is named twice. */
  readonly strict: boolean;
}

/**
 * The Redis that a URL names: `redis://`, `rediss://` (TLS) or `unix://` with credentials, a host or the
 * path of a socket, and the database in the path or as `?db=`; where it is strict, also the bare path of
 * a socket. Undefined when it is none.
 */
export function redisTarget(
  text: string,
  { strict }: RedisUrlRules = { strict: true },
): SingleRedis | undefined {
  return onSocket(text, strict) ?? onHost(text, strict);
}

const SOCKET =
  /^(?:unix:\/\/(?:(?<username>[^/:@?#]*)(?::(?<password>[^/@?#]*))?@)?)?(?<path>\/[^?#]+)(?:\?(?<query>[^#]*))?$/i;

function onSocket(text: string, strict: boolean): SingleRedis | undefined {
  const { username, password, path, query = '' } = SOCKET.exec(text)?.groups ?? {};
  if (path === undefined || (!strict && text.startsWith('/'))) return undefined;
  const settings = querySettings(new URLSearchParams(query), '', strict);
  const decoded = percentDecoded(username, password, path);
  if (settings === undefined || decoded === undefined) return undefined;
  const [user, secret, file = ''] = decoded;
  return { kind: 'socket', path: file, database: settings.database, ...credentials(user, secret) };
}

function onHost(text: string, strict: boolean): SingleRedis | undefined {
  const url = parseUrl(text);
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
    return undefined;
  const settings = querySettings(url.searchParams, url.pathname.replace(/^\//, ''), strict);
  const decoded = percentDecoded(url.username, url.password, url.hostname);
  if (settings === undefined || decoded === undefined || (strict && url.hash !== '')) return undefined;
  const [user, secret, host = ''] = decoded;
  const { database, skipVerify } = settings;
  return {
    kind: 'server',
    mayBeCluster: false,
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    database,
    ...credentials(user, secret),
    ...(url.protocol === 'rediss:' && { tls: { skipVerify } }),
  };
}

/** @param named the database in the path of the URL, or empty */
function querySettings(
  query: URLSearchParams,
  named: string,
  strict: boolean,
): { readonly database: number; readonly skipVerify: boolean } | undefined {
  if (strict && [...query.keys()].some((key) => !QUERY.includes(key))) return undefined;
  const asked = query.get('db') ?? '';
  if (strict && asked !== '' && named !== '' && Number(asked) !== Number(named)) return undefined;
  const database = asked || named;
  if (!/^\d{0,5}$/.test(database)) return undefined;
  return { database: Number(database), skipVerify: /^(1|true)$/i.test(query.get('skip_verify') ?? '') };
}

/** A Redis 5 knows passwords without a user. */
function credentials(
  username: string | undefined,
  password: string | undefined,
): Pick<RedisAccess, 'username' | 'password'> {
  return { ...(username && { username }), ...(password && { password }) };
}

/** Percent-decoded; undefined when one cannot be. */
function percentDecoded(...texts: readonly (string | undefined)[]): string[] | undefined {
  try {
    return texts.map((text) => decodeURIComponent(text ?? ''));
  } catch {
    return undefined;
  }
}

/** A Redis as it may be shown: what stands for it in a message, without credentials. */
export function redisAddress(target: RedisTarget): string {
  switch (target.kind) {
    case 'server':
      return nodeAddress(target);
    case 'socket':
      return target.path;
    case 'sentinel':
      return `master ${target.master} of ${target.nodes.map(nodeAddress).join(', ')}`;
    case 'cluster':
      return `cluster ${target.nodes.map(nodeAddress).join(', ')}`;
  }
}

function nodeAddress({ host, port }: RedisNode): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
