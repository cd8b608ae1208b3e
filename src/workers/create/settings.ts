import type { BulkRow, CouchDocument } from '../../couchdb/documents.ts';
import { derivedId } from '../../derived-id.ts';
import { updateDocument } from '../../instances/change/update-document.ts';
import { CONTACTS, SETTINGS } from '../../instances/databases/databases.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import { passphraseSource } from '../../instances/documents/instance-state.ts';
import { myselfContact } from '../../instances/documents/myself-contact.ts';
import { isFinished } from '../../instances/documents/reservation.ts';
import { SETTINGS_ID, settingsDocument } from '../../instances/documents/settings-document.ts';
import { cozyUrl } from '../../instances/domains/registration-link.ts';
import {
  randomPassphrase,
  type StoredPassphrase,
  storedPassphrase,
} from '../../instances/vault/passphrase.ts';
import { VAULT_ID } from '../../instances/vault/vault.ts';
import { settleAll } from '../../settle-all.ts';
import { databaseOf } from '../instance/databases-of.ts';
import { type CreateContext, type CreateStage, instanceOf } from './context.ts';
import { fillDatabase, missingDesignsOf } from './indexes.ts';
import { ensureVault, vaultToWrite } from './vault.ts';

/** Writes the settings document, the "myself" contact, and the vault where a passphrase is registered. */
export const settings: CreateStage = {
  name: 'settings',
  beginsMeanwhile: true,

  async run(context) {
    // A twin was faster: what is there is its owner's by now.
    if (isFinished(instanceOf(context))) return undefined;
    await settleAll([writeSettings(context), writeMyself(context)]);
    return undefined;
  },

  async verify(context) {
    const ids = passphraseSourceOf(context) === 'none' ? [SETTINGS_ID] : [SETTINGS_ID, VAULT_ID];
    const missing = await Promise.all([
      missingDesignsOf(context, SETTINGS),
      missingDesignsOf(context, CONTACTS),
      missingDocuments(context, SETTINGS, ids),
      missingDocuments(context, CONTACTS, [myselfId(context)]),
    ]);
    return missing.flat();
  },
};

/** Whether the finished instance has a passphrase, so that its user is not to choose one. */
export function registersAny(context: CreateContext): boolean {
  return passphraseSourceOf(context) !== 'none';
}

/**
 * Hash of the passphrase that the finished instance gets; undefined when the vault is one that a stack
 * wrote, for which only the stack's hash fits. A random passphrase is made again by an attempt that did not make it:
 * nobody knows it, so only hash and vault have to fit.
 */
export async function passphraseHash(context: CreateContext): Promise<string | undefined> {
  const passphrase = await passphraseToRegister(context);
  if (passphrase === undefined || !(await ensureVault(context, passphrase))) return undefined;
  return passphrase.passphraseHash;
}

async function writeSettings(context: CreateContext): Promise<void> {
  const documents: CouchDocument[] = [{ ...settingsDocument(context.options) }];
  const passphrase = await passphraseToRegister(context);
  if (passphrase !== undefined) documents.push({ ...vaultToWrite(context, passphrase) });
  const before = await fillDatabase(context, SETTINGS, documents);
  if (has(before, SETTINGS_ID)) await completeSettings(context);
  if (passphrase !== undefined && has(before, VAULT_ID)) await ensureVault(context, passphrase);
}

function has(rows: readonly BulkRow[], wanted: string): boolean {
  return rows.some(({ id }) => id === wanted);
}

/** Adds what is missing; what is there may be newer than the options, such as a phone that came by message. */
async function completeSettings(context: CreateContext): Promise<void> {
  const { server, name } = databaseOf(context.services, instanceOf(context), SETTINGS);
  const { options, signal, lease } = context;
  await updateDocument<CouchDocument>({
    read: async () => (await server.getDocument(name, SETTINGS_ID, signal)) ?? { _id: SETTINGS_ID },
    change: (there) => ({ ...settingsDocument(options), ...there }),
    write: (completed) => server.putDocument(name, completed, signal, () => lease.assertHeld()),
    signal,
  });
}

async function writeMyself(context: CreateContext): Promise<void> {
  const { options, services } = context;
  const myself = myselfContact({
    email: options.settings['email'],
    publicName: options.settings['public_name'],
    cozyUrl: cozyUrl(services.linkScheme, options.domain),
  });
  await fillDatabase(context, CONTACTS, [{ _id: myselfId(context), ...myself }]);
}

function passphraseSourceOf({ options, services }: CreateContext): 'given' | 'random' | 'none' {
  const forced = options.context !== undefined && services.forcedOidcContexts.includes(options.context);
  return passphraseSource(options, forced);
}

/** The one to register; a random one is made once an attempt. */
async function passphraseToRegister(context: CreateContext): Promise<StoredPassphrase | undefined> {
  switch (passphraseSourceOf(context)) {
    case 'none':
      return undefined;
    case 'given':
      return givenPassphrase(context);
    case 'random': {
      const { options, services } = context;
      context.randomPassphrase ??= await storedPassphrase(randomPassphrase(), options, services.encryptorKey);
      return context.randomPassphrase;
    }
  }
}

function givenPassphrase({ passphrase, options }: CreateContext): StoredPassphrase {
  if (passphrase === undefined)
    throw new Error(`the passphrase of ${options.domain} did not come with its job`);
  return passphrase;
}

function myselfId(context: CreateContext): string {
  return derivedId(incarnationOf(instanceOf(context)), 'myself');
}

async function missingDocuments(
  context: CreateContext,
  doctype: string,
  ids: readonly string[],
): Promise<string[]> {
  const { server, name } = databaseOf(context.services, instanceOf(context), doctype);
  const rows = await server.allDocuments(name, { keys: ids }, context.signal);
  return ids.filter((_, at) => rows[at]?.error !== undefined).map((id) => `${id} is missing in ${doctype}`);
}
