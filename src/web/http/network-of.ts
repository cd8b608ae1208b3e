import ipaddr from 'ipaddr.js';

/**
 * What is counted as one client: an IPv4 address, or the /64 of an IPv6 address, of which one customer has all.
 * @param address as Node or a trusted proxy gives it; all that is no address is one client
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
