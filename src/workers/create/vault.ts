import type { CouchDocument } from '../../couchdb/documents.ts';
import { PassingError } from '../../errors.ts';
import { updateDocument } from '../../instances/change/update-document.ts';
import { SETTINGS } from '../../instances/databases/databases.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { StoredPassphrase } from '../../instances/vault/passphrase.ts';
import { type KeyedVault, VAULT_ID } from '../../instances/vault/vault.ts';
import { isMarkedVault, markedVault } from '../../instances/vault/vault-mark.ts';
import { databaseOf } from '../instance/databases-of.ts';
import { type CreateContext, instanceOf } from './context.ts';

/** The vault that goes with a passphrase, marked as written by this creation. */
export function vaultToWrite(context: CreateContext, { vault }: StoredPassphrase): KeyedVault {
  return markedVault(vault, secretOf(instanceOf(context)));
}

/**
 * Makes sure that the vault of this passphrase is there, in the place of none or of one that this creation
 * wrote before. One that another program wrote, or wrote into, is left as it is: it holds the keys of its owner.
 * @returns whether the vault that is there now is the one of this passphrase
 */
export async function ensureVault(context: CreateContext, passphrase: StoredPassphrase): Promise<boolean> {
  const { server, name } = databaseOf(context.services, instanceOf(context), SETTINGS);
  const { signal, lease } = context;
  const secret = secretOf(instanceOf(context));
  const wanted = vaultToWrite(context, passphrase);
  const { document } = await updateDocument<CouchDocument>({
    read: async () => (await server.getDocument(name, VAULT_ID, signal)) ?? { _id: VAULT_ID },
    change: (there) => (isReplaceable(there, wanted, secret) ? { ...wanted, ...revisionOf(there) } : there),
    write: (replacement) => server.putDocument(name, replacement, signal, () => lease.assertHeld()),
    signal,
  });
  return document['key'] === wanted.key;
}

function isReplaceable(there: CouchDocument, wanted: KeyedVault, secret: string): boolean {
  if (there._rev === undefined) return true;
  return there['key'] !== wanted.key && isMarkedVault(there, secret);
}

function revisionOf({ _rev }: CouchDocument): Pick<CouchDocument, '_rev'> {
  return _rev === undefined ? {} : { _rev };
}

function secretOf({ cli_secret: secret = '' }: StoredInstance): string {
  return secret;
}

/**
 * A stack wrote the vault, and the hash that goes with it has not come: a stack that takes a passphrase from
 * a message writes the one before the other. It is tried again.
 */
export class VaultTaken extends PassingError {
  constructor(domain: string) {
    super(
      'vault_taken',
      `the vault of ${domain} is somebody else's, and the passphrase that goes with it has not come`,
      [
        'A message for this instance stopped half-way: look at the queues of the stack, and try it again when it was delivered.',
        `If no stack ever wrote it, an older version of cozy-fleet did: cozy-fleet instances destroy ${domain}, then submit it again.`,
      ].join('\n'),
    );
  }
}
