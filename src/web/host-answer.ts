/** What is known of an instance without asking anybody. */
export interface HostedInstance {
  /** `_id` of its document. */
  readonly id: string;
  readonly domain: string;
  readonly oldDomain: string | undefined;
  readonly locale: string;
  readonly contextName: string | undefined;
}

/** What stands behind the host of a request. */
export type HostAnswer =
  /** Nobody's, or that of an instance that is being deleted, or a host that cannot be read. */
  | { readonly state: 'unknown' }
  /** Somebody's former domain. */
  | { readonly state: 'renamed'; readonly domain: string }
  | { readonly state: 'provisioning'; readonly instance: HostedInstance }
  /** Its owner has taken it to another server. */
  | { readonly state: 'moved'; readonly instance: HostedInstance }
  /** @see `docs/cozy-data.md` §6.3; any text may be a reason, an empty one too */
  | { readonly state: 'blocked'; readonly instance: HostedInstance; readonly reason: string }
  /** Its owner has not chosen a passphrase yet. */
  | { readonly state: 'onboarding'; readonly instance: HostedInstance }
  | { readonly state: 'ready'; readonly instance: HostedInstance }
  /** CouchDB has been silent for so long that nothing may be said. */
  | { readonly state: 'unsure' };
