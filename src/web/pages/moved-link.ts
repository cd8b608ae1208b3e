/** Characters of an address; longer ones are no host's. */
const LONGEST = 300;

const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Where a moved instance is now. */
export interface MovedLink {
  readonly href: string;
  /** As people read it, with its port if any. */
  readonly host: string;
}

/**
 * The link to where an instance has moved: only the root of an http or https host. Stacks store a whole address, or just
 * the host; anybody who may write settings can have stored anything.
 *
 * @param own the host that was asked for, which is no place to go to
 */
export function movedLink(movedTo: unknown, own: string): MovedLink | undefined {
  if (typeof movedTo !== 'string' || movedTo.length > LONGEST) return undefined;
  const text = movedTo.trim();
  const address = HAS_SCHEME.test(text) ? text : `https://${text}`;
  if (!URL.canParse(address)) return undefined;
  const { protocol, username, password, host, origin } = new URL(address);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  if (username !== '' || password !== '' || !host.includes('.')) return undefined;
  if (host === own || (URL.canParse(`https://${own}`) && host === new URL(`https://${own}`).host))
    return undefined;
  return { href: `${origin}/`, host };
}
