import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { GitSource } from '../app-source.ts';
import { type AppHosts, hostOf, isPublicAddress, privateHost, refuseUnnamedPrivate } from './app-hosts.ts';
import { unreachable } from './git-errors.ts';

/** Where the host of a repository is; undefined where git has to find out itself. */
export type RepositoryAddresses = readonly string[] | undefined;

/** Finds all addresses of a name. */
export type LookUp = (host: string) => Promise<readonly { readonly address: string }[]>;

type Variables = Readonly<Record<string, string | undefined>>;

/** Variables from which curl takes a proxy: then the proxy alone knows the addresses of names. */
const PROXIES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];

/**
 * Looks up where a repository is, before git gets its URL: on a private server only where that is named.
 *
 * @throws {AppError} `app_host`; `app_unreachable` where its name has no address at the moment: git would look it up
 *   once more, and might get a private address then
 */
export async function repositoryAddresses(
  source: GitSource,
  hosts: AppHosts,
  lookUp: LookUp = (host) => lookup(host, { all: true }),
  variables: Variables = process.env,
): Promise<RepositoryAddresses> {
  const url = new URL(source.url);
  refuseUnnamedPrivate(url, hosts);
  const host = hostOf(url);
  if (hosts.isNamed(url) || isIP(host) !== 0 || host.startsWith('[')) return undefined;
  const found = await lookUp(host).catch(() => []);
  if (found.length === 0) {
    if (isKnownElsewhere(source, variables)) return undefined;
    throw unreachable(source, 'its name is not known', 'retry');
  }
  const usable = found.filter(({ address }) => isPublicAddress(address));
  if (usable.length < found.length) throw privateHost(host);
  return usable.map(({ address }) => address);
}

/** Options of git by which it goes over https to the addresses that were checked, and looks up none itself. */
export function pinnedAddresses(
  { url: text, protocol }: GitSource,
  addresses: RepositoryAddresses,
): readonly string[] {
  if (protocol !== 'https' || addresses === undefined) return [];
  const { hostname, port } = new URL(text);
  const list = addresses.map((address) => (isIP(address) === 6 ? `[${address}]` : address)).join(',');
  return ['-c', `http.curloptResolve=${hostname}:${port || '443'}:${list}`];
}

/** Whether the configuration of ssh, or a proxy, may know a name that the system does not find. */
function isKnownElsewhere({ protocol }: GitSource, variables: Variables): boolean {
  return protocol === 'ssh' || (protocol === 'https' && PROXIES.some((name) => variables[name]));
}
