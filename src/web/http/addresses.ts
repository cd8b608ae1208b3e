import ipaddr from 'ipaddr.js';

/** URL of a server of ours. @param address that it listens on: a name, an IPv4 or an IPv6 address */
export function httpUrl(address: string, port: number): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** Whether what listens on that address is reached from this machine alone. */
export function isLoopback(address: string): boolean {
  return (
    address === 'localhost' || (ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback')
  );
}
