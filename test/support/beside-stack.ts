import { randomBytes } from 'node:crypto';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { DATABASES, GLOBAL_DATABASES, type JsView } from '../../src/instances/databases/databases.ts';
import { mangoRequest, viewDesignDocument } from '../../src/instances/databases/design-documents.ts';
import { databaseName, databasePrefix } from '../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { findByNames, INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { PUBLIC_DEV_ENCRYPTOR_KEY } from '../../src/instances/vault/organization-key.ts';
import { type CompleteStoredPassphrase, storedPassphrase } from '../../src/instances/vault/passphrase.ts';
import { uuidV7, VAULT_ID } from '../../src/instances/vault/vault.ts';

/** The same function, written another way. */
function inOtherWords(map: string): string {
  return `\n\n  ${map.trim()}\n\n`;
}

/** What a running stack writes of its own accord, in its order (`docs/cozy-data.md` §9.1, §9.6). */
export class BesideStack {
  readonly #server: CouchServer;

  constructor(server: CouchServer) {
    this.#server = server;
  }

  /** What a stack of that number makes at each start; its look-up view is in words of its own. */
  async start(version: 38 | 39): Promise<void> {
    for (const { database, mango, foundersMango = [], views } of GLOBAL_DATABASES) {
      await this.#server.createDatabase(database);
      const indexes = version === 39 ? [...mango, ...foundersMango] : mango;
      for (const index of indexes) await this.#server.createIndex(database, mangoRequest(index));
      for (const view of views) await this.#define(database, view);
    }
  }

  /** Puts a view of the stack's words in the place of whatever is there. */
  async #define(database: string, view: JsView): Promise<void> {
    const design = viewDesignDocument({ ...view, map: inOtherWords(view.map) });
    const there = await this.#server.getDocument(database, design._id);
    await this.#server.putDocument(database, { ...design, ...(there && { _rev: there._rev }) });
  }

  async instance(domain: string): Promise<StoredInstance> {
    const [instance] = await findByNames(this.#server, [domain]);
    if (instance === undefined) throw new Error(`a stack finds no instance ${domain}`);
    return instance;
  }

  /** Any load of an instance under another number: indexes and views, in the stack's words, then the number. */
  async load(domain: string, version: number): Promise<StoredInstance> {
    const instance = await this.instance(domain);
    if (instance.indexes_version === version) return instance;
    for (const { doctype, mango, views } of DATABASES) {
      const name = databaseName(databasePrefix(instance), doctype);
      if (mango.length + views.length > 0) await this.#server.createDatabase(name);
      for (const index of mango) await this.#server.createIndex(name, mangoRequest(index));
      for (const view of views) await this.#define(name, view);
    }
    return await this.save({ ...instance, indexes_version: version });
  }

  async save(instance: InstanceDocument): Promise<StoredInstance> {
    return { ...instance, _rev: await this.#server.putDocument(INSTANCES, instance) };
  }

  /** A client's passphrase, as `user.created` and `user.password.updated` carry it. */
  async message(domain: string, passphrase: string): Promise<CompleteStoredPassphrase> {
    return await storedPassphrase(passphrase, { domain }, PUBLIC_DEV_ENCRYPTOR_KEY);
  }

  /** The first half of the handler: the vault, in a database made where it is not there. */
  async writeVault(domain: string, { vault }: CompleteStoredPassphrase): Promise<void> {
    const name = databaseName(databasePrefix(await this.instance(domain)), 'io.cozy.settings');
    await this.#server.createDatabase(name);
    const there = await this.#server.getDocument(name, VAULT_ID);
    const { key, public_key, private_key, passphrase_kdf_iterations } = vault;
    const keys = { key, public_key, private_key, passphrase_kdf_iterations, security_stamp: uuidV7() };
    await this.#server.putDocument(name, { ...(there ?? { _id: VAULT_ID }), ...keys });
  }

  /** The second half: the hash, and a session secret of its own. */
  async writeHash(domain: string, { passphraseHash }: CompleteStoredPassphrase): Promise<StoredInstance> {
    return await this.save({
      ...(await this.instance(domain)),
      passphrase_hash: passphraseHash,
      session_secret: randomBytes(64).toString('base64'),
      password_defined: true,
    });
  }

  /** A whole `user.created`. */
  async userCreated(domain: string, passphrase: string): Promise<StoredInstance> {
    const message = await this.message(domain, passphrase);
    await this.writeVault(domain, message);
    return await this.writeHash(domain, message);
  }
}
