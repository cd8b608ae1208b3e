import { domainToASCII } from 'node:url';
import { trimBlanks } from './characters.ts';

const PORT = /:\d{1,5}$/;

/**
 * A text that is equal for two domains which mean the same host, however they are written: in capital letters, as Punycode or
 * not, composed or decomposed, with a dot at the end. Only to compare names; what is stored stays as it is.
 */
export function foldedName(domain: string): string {
  const text = trimBlanks(domain).normalize('NFC').toLowerCase();
  const port = PORT.exec(text)?.[0] ?? '';
  const host = text.slice(0, text.length - port.length).replace(/\.$/, '');
  // What no browser could ask for is compared as it is written.
  return `${domainToASCII(host) || host}${port}`;
}
