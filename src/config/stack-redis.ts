import type { StackRedis } from './config.ts';
import { parseUrl } from './parse-url.ts';

/** Where a Redis, or a sentinel of one, listens. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** The stack's own keys about its Redis, checked (`cli-and-admin-api.md` §4). */
export interface StackRedisSettings {
  readonly redis: {
    readonly addrs: readonly RedisNode[];
    readonly master: string;
    readonly password: string;
    readonly databases: { readonly jobs: number; readonly lock: number };
  };
  /** URLs for one use each, as `stackRedisUrl` made them. */
  readonly jobs: { readonly url?: string | undefined };
  readonly lock: { readonly url?: string | undefined };
}

const NODE = /^(?<host>\[[0-9a-f:.]+\]|[^\s:/@[\]]+):(?<port>\d{1,5})$/i;

/** The addresses of `redis.addrs`, a text with spaces between them; undefined when one is not host:port. */
export function redisNodes(text: string): RedisNode[] | undefined {
  const nodes: RedisNode[] = [];
  for (const address of text.split(/\s+/).filter((part) => part !== '')) {
    const { host = '', port = '' } = NODE.exec(address)?.groups ?? {};
    if (host === '' || Number(port) < 1 || Number(port) > 65_535) return undefined;
    nodes.push({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
  }
  return nodes;
}

/**
 * A Redis URL of the stack with its database in the path and without the settings of the stack's client
 * in the query; undefined when it is none. The stack takes the database from the path or from `?db=`.
 */
export function stackRedisUrl(text: string): string | undefined {
  const url = parseUrl(text);
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.host === '') return undefined;
  const database = url.searchParams.get('db') ?? url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(database) || !canBeDecoded(`${url.username}${url.password}`)) return undefined;
  url.search = '';
  url.hash = '';
  url.pathname = `/${database || '0'}`;
  return url.href;
}

function canBeDecoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Where the stack keeps its jobs and its locks; undefined when it keeps both in its own memory. */
export function stackRedisOf({ redis, jobs, lock }: StackRedisSettings): StackRedis | undefined {
  const { addrs, master, password, databases } = redis;
  const [first] = addrs;
  if (first !== undefined) {
    const server = { ...first, password };
    return {
      jobsUrl: nodeUrl({ ...server, database: databases.jobs }),
      lockUrl: nodeUrl({ ...server, database: databases.lock }),
      ...(master !== '' && { sentinels: { master, nodes: addrs } }),
    };
  }
  if (!jobs.url && !lock.url) return undefined;
  return { ...(jobs.url && { jobsUrl: jobs.url }), ...(lock.url && { lockUrl: lock.url }) };
}

function nodeUrl({
  host,
  port,
  password,
  database,
}: RedisNode & { readonly password: string; readonly database: number }): string {
  const credentials = password === '' ? '' : `:${encodeURIComponent(password)}@`;
  const name = host.includes(':') ? `[${host}]` : host;
  return `redis://${credentials}${name}:${port}/${database}`;
}
