import { defined } from '../../defined.ts';
import type { InstanceDocument, StoredInstance } from '../../instances/documents/instance-document.ts';
import { newSecrets } from '../../instances/vault/secrets.ts';
import { isOwnFlag } from './own-flag.ts';

/** What an instance let people in by before it was shut. */
export type Entrance = Pick<StoredInstance, 'blocked' | 'session_secret' | 'oauth_secret'>;

/**
 * The instance with everybody shut out: `deleting` alone does not keep a running stack from writing. `cli_secret` stays,
 * for it tells this life of the domain from the next (`ARCHITECTURE.md` §3.3).
 */
export function shut(instance: StoredInstance): InstanceDocument {
  const { session_secret, oauth_secret } = newSecrets();
  return { ...instance, blocked: true, session_secret, oauth_secret };
}

/**
 * What the instance is opened by where an earlier write of this job's `mark` has shut it; undefined where none has, or
 * where it is open by now. The secrets that it had are known to nobody any more: a stack signs what it gives to konnectors
 * by those that it finds.
 */
export function shutEarlier(
  instance: StoredInstance,
  { markedFrom, shutOpen }: { readonly markedFrom: string | undefined; readonly shutOpen: boolean },
): Entrance | undefined {
  if (!shutOpen || !isOwnFlag(markedFrom, instance) || instance.blocked !== true) return undefined;
  const { session_secret, oauth_secret } = instance;
  return defined({ session_secret, oauth_secret });
}

/** The instance with those let in who were before it was shut: its konnectors have to tell others of its accounts. */
export function reopened(instance: StoredInstance, before: Entrance): InstanceDocument {
  const { blocked: _blocked, session_secret: _session, oauth_secret: _oauth, ...rest } = instance;
  const { blocked, session_secret, oauth_secret } = before;
  return { ...rest, ...defined({ blocked, session_secret, oauth_secret }) };
}
