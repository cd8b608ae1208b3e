import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

/** Who sends a request, and by which scheme. */
export interface Client {
  readonly address: string;
  readonly scheme: 'http' | 'https';
}

/** What a connection and its headers say of a client. */
export interface ClientEvidence {
  /** Address of the other end of the connection. */
  readonly peer: string;
  /** Of the header `X-Forwarded-For`, or an empty text. */
  readonly forwardedFor: string;
  /** Of the header `X-Forwarded-Proto`, or an empty text. */
  readonly forwardedProto: string;
}

/** Addresses of proxies that are looked at, from ours on; a header may name thousands. */
const MOST_PROXIES = 32;

/**
 * The client behind the proxies that are trusted, as `request.ip` and `request.protocol` of the framework have it, for
 * requests that it does not see.
 * @param trusts whether an address is that of a trusted proxy
 */
export function clientOf(evidence: ClientEvidence, trusts: (address: string) => boolean): Client {
  const { peer, forwardedFor, forwardedProto } = evidence;
  if (!trusts(peer)) return { address: peer, scheme: 'http' };
  const before = forwardedFor
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .slice(-MOST_PROXIES)
    .reverse();
  let address = peer;
  for (const next of before) {
    // What is no address was written by somebody who is not trusted to say anything.
    if (!trusts(address) || !ipaddr.isValid(next)) break;
    address = next;
  }
  const last = forwardedProto.split(',').at(-1)?.trim().toLowerCase();
  return { address, scheme: last === 'https' ? 'https' : 'http' };
}

/** {@link clientOf} for a request as it came. */
export function clientBehind(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  trusts: (address: string) => boolean,
): Client {
  const forwardedFor = String(headers['x-forwarded-for'] ?? '');
  const forwardedProto = String(headers['x-forwarded-proto'] ?? '');
  return clientOf({ peer: socket.remoteAddress ?? '', forwardedFor, forwardedProto }, trusts);
}

/** @param networks addresses and networks, checked */
export function trustedBy(networks: readonly string[]): (address: string) => boolean {
  const ranges = networks.map((network): [ipaddr.IPv4 | ipaddr.IPv6, number] => {
    if (network.includes('/')) return ipaddr.parseCIDR(network);
    const address = ipaddr.parse(network);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  });
  return (text) => {
    if (!ipaddr.isValid(text)) return false;
    // A socket for both versions has IPv4 written as IPv6.
    const address = ipaddr.process(text);
    return ranges.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits));
  };
}
