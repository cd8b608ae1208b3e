import { BlockList, isIP } from 'node:net';
import { normaliseHost, parseUrl } from '../../config/urls.ts';
import { AppError } from '../errors.ts';

/** Which servers applications may come from, where those are not public. */
export interface AppHosts {
  /** Whether the operator has named this very server: then its addresses may be any. */
  isNamed(url: URL): boolean;
}

/** Ports that a URL need not name, by its scheme. */
const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'https:': '443',
  'git:': '9418',
  'ssh:': '22',
};

/**
 * @param registries URLs; scheme, host and port count
 * @param hosts `host` for all of its ports, or `host:port`, in the form of `parseAppHost`
 */
export function appHosts(registries: readonly string[], hosts: readonly string[]): AppHosts {
  const origins = new Set(
    registries.flatMap((registry) => {
      const url = parseUrl(registry);
      return url === undefined ? [] : [originOf(url)];
    }),
  );
  const named = new Set(hosts);
  return {
    isNamed: (url) => origins.has(originOf(url)) || named.has(hostOf(url)) || named.has(serverOf(url)),
  };
}

/** The host of a URL as `normaliseHost` gives it, whatever its scheme. */
export function hostOf({ hostname }: URL): string {
  return normaliseHost(hostname) ?? hostname;
}

function serverOf(url: URL): string {
  return `${hostOf(url)}:${url.port || DEFAULT_PORTS[url.protocol] || ''}`;
}

function originOf(url: URL): string {
  return `${url.protocol}//${serverOf(url)}`;
}

/** IPv4 without a host on the internet: private, loopback, link-local, shared, reserved, multicast (IANA). */
const NOT_PUBLIC = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;

/** Of IPv6 only this is given out; within it some is for tunnels, tests and documents. */
const GIVEN_OUT = ['2000::', 3] as const;
const NOT_PUBLIC_V6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

/** Where the last 32 bits are an IPv4 address, and stand for it. */
const V4_WITHIN = ['::ffff:', '64:ff9b::'];

const notPublic = new BlockList();
const embedding = new BlockList();
const givenOut = new BlockList();
for (const [net, bits] of NOT_PUBLIC) {
  notPublic.addSubnet(net, bits);
  for (const before of V4_WITHIN) notPublic.addSubnet(`${before}${net}`, 96 + bits, 'ipv6');
}
for (const [net, bits] of NOT_PUBLIC_V6) notPublic.addSubnet(net, bits, 'ipv6');
for (const before of V4_WITHIN) embedding.addSubnet(`${before}0.0.0.0`, 96, 'ipv6');
givenOut.addSubnet(...GIVEN_OUT, 'ipv6');

/** Whether a host on the internet may have this address. @param address IPv4 or IPv6, without brackets */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notPublic.check(address);
    case 6:
      if (address.includes('%') || notPublic.check(address, 'ipv6')) return false;
      return embedding.check(address, 'ipv6') || givenOut.check(address, 'ipv6');
    default:
      return false;
  }
}

/**
 * Refuses a URL whose host is an address that is not public, or this very machine by name. Other names are judged
 * by the addresses that they have when a connection is made.
 * @throws {AppError} `app_host`
 */
export function refuseUnnamedPrivate(url: URL, hosts: AppHosts): void {
  const host = hostOf(url);
  const address = host.startsWith('[') ? host.slice(1, -1) : host;
  const isPrivate = isIP(address) === 0 ? isThisMachine(host) : !isPublicAddress(address);
  if (isPrivate && !hosts.isNamed(url)) throw privateHost(host);
}

/** The names that never leave a machine (RFC 6761). */
function isThisMachine(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

/** @param host as `hostOf` gives it */
export function privateHost(host: string): AppError {
  return new AppError(
    'app_host',
    `${host} is a server of a private network, and not one that applications may come from`,
    'final',
    `If they may, name it in fleet.app_hosts (\`${host}\`, or with its port), or in \`registries\`.`,
  );
}
