import { defined } from '../../defined.ts';
import type { InstanceDocument, StoredInstance } from '../../instances/documents/instance-document.ts';
import { newSecrets } from '../../instances/vault/secrets.ts';

/**
 * The instance with everybody shut out: `deleting` alone does not keep a running stack from writing. `cli_secret` stays,
 * for it tells this life of the domain from the next (`ARCHITECTURE.md` §3.3).
 */
export function shut(instance: StoredInstance): InstanceDocument {
  const { session_secret, oauth_secret } = newSecrets();
  return { ...instance, blocked: true, session_secret, oauth_secret };
}

/** The instance with those let in who were before it was shut: its konnectors have to tell others of its accounts. */
export function reopened(instance: StoredInstance, before: StoredInstance): InstanceDocument {
  const { blocked: _blocked, session_secret: _session, oauth_secret: _oauth, ...rest } = instance;
  const { blocked, session_secret, oauth_secret } = before;
  return { ...rest, ...defined({ blocked, session_secret, oauth_secret }) };
}
