/** What asks in Punycode; a stack decodes such labels, and no others. */
const IN_PUNYCODE = /^xn--/i;

/**
 * Whether a host has a label that no browser would ask for: it decodes to characters that nobody sees, or to the parts of one
 * that is a single character. CouchDB takes such a name for equal to that without them, so that a stack may find an
 * instance by it that we do not find.
 * @param host as it was asked for, with its port
 */
export function isDisguised(host: string): boolean {
  const [name = ''] = host.split(':', 1);
  return name.split('.').some((label) => IN_PUNYCODE.test(label) && !isBrowsers(label.toLowerCase()));
}

function isBrowsers(label: string): boolean {
  const address = `http://${label}.invalid/`;
  return URL.canParse(address) && new URL(address).href === address;
}
