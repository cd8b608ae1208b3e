import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import { isStatus } from '../../../src/couchdb/errors.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { type Modification, modifyInstance } from '../../../src/instances/change/modify-instance.ts';
import { DATABASES } from '../../../src/instances/databases/databases.ts';
import {
  databaseName,
  databasePrefix,
  prefixOf,
  reservationId,
} from '../../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../../../src/instances/documents/settings-document.ts';
import { Refusal } from '../../../src/instances/errors.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { createPrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';
import type { InstanceChanges } from '../../../src/instances/options/changes.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('modifyInstance', () => {
  let test: TestFleet;
  let count = 0;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });

  after(() => test.close());

  const settingsOf = (instance: InstanceDocument) =>
    databaseName(databasePrefix(instance), 'io.cozy.settings');

  /** An instance with settings, as a stack would have it. */
  async function put(
    fields: Partial<InstanceDocument> = {},
    settings: object = { tz: 'UTC' },
  ): Promise<StoredInstance> {
    count += 1;
    const domain = test.domain(`i${count}`);
    const instance = await test.putInstance({
      _id: reservationId(domain),
      domain,
      prefix: prefixOf(domain),
      ...fields,
    });
    await test.server.createDatabase(settingsOf(instance));
    await test.server.putDocument(settingsOf(instance), { _id: SETTINGS_ID, ...settings });
    return instance;
  }

  function modify(
    { _id: id }: StoredInstance,
    changes: InstanceChanges,
    more: Partial<Modification> = {},
  ): ReturnType<typeof modifyInstance> {
    const prefixIndex = createPrefixIndex(test.server);
    return modifyInstance({
      global: test.server,
      cluster: () => test.server,
      prefixIndex,
      id,
      changes,
      ...more,
    });
  }

  const stored = async ({ domain }: StoredInstance) => await test.instance(domain);
  const settings = async (instance: StoredInstance) =>
    await test.server.getDocument(settingsOf(instance), SETTINGS_ID);

  async function refusalOf(work: Promise<unknown>): Promise<string> {
    const error = await thrownBy(work);
    if (!(error instanceof Refusal)) throw error;
    return error.code;
  }

  it('changes the instance and its settings', async () => {
    const before = await put();
    const { outcome, instance } = await modify(before, { locale: 'fr', settings: { email: 'a@b' } });
    expect(outcome).to.equal('modified');
    expect(instance).to.deep.equal(await stored(before));
    expect(instance.locale).to.equal('fr');
    expect(await settings(before)).to.include({ tz: 'UTC', email: 'a@b' });
  });

  it('keeps what it does not know, in both', async () => {
    const before = await put({ from_tomorrow: { a: [1] } }, { widget: { x: true } });
    await modify(before, { locale: 'fr', settings: { tz: 'UTC' } });
    expect(await stored(before)).to.deep.include({ from_tomorrow: { a: [1] } });
    expect(await settings(before)).to.deep.include({ widget: { x: true } });
  });

  it('writes nothing where nothing changes', async () => {
    const before = await put({ locale: 'fr' });
    const revision = (await settings(before))?._rev;
    const { outcome, instance } = await modify(before, { locale: 'fr', settings: { tz: 'UTC' } });
    expect(outcome).to.equal('unchanged');
    expect(instance._rev).to.equal(before._rev);
    expect((await settings(before))?._rev).to.equal(revision);
  });

  it('says so where only the settings changed', async () => {
    const before = await put();
    const { outcome, instance } = await modify(before, { settings: { tz: 'Europe/Paris' } });
    expect(outcome).to.equal('modified');
    expect(instance._rev).to.equal(before._rev);
  });

  it('makes the settings document where it is missing', async () => {
    const before = await put();
    const there = await settings(before);
    await test.server.deleteDocument(settingsOf(before), SETTINGS_ID, there?._rev ?? '');
    await modify(before, { settings: { tz: 'UTC' } });
    expect(await settings(before)).to.include({ tz: 'UTC' });
  });

  it('writes no settings where they could be those of another document', async () => {
    const before = await put();
    await test.putInstance({ domain: test.domain('beside'), prefix: databasePrefix(before) });
    const work = modify(before, { locale: 'fr', settings: { tz: 'Europe/Paris' } });
    expect(await refusalOf(work)).to.equal('shared_prefix');
    expect((await stored(before))?._rev).to.equal(before._rev);
    expect(await settings(before)).to.include({ tz: 'UTC' });
  });

  it('looks at others again right before it writes the settings', async () => {
    const before = await put();
    let beside = false;
    const work = modify(
      before,
      { settings: { tz: 'Europe/Paris' } },
      {
        cluster() {
          // Asked once whether the database is there, and once for the settings.
          if (!beside) return test.server;
          return {
            ...test.server,
            async getDocument(...asked: Parameters<CouchServer['getDocument']>) {
              await test.putInstance({ domain: test.domain('late'), prefix: databasePrefix(before) });
              return await test.server.getDocument(...asked);
            },
          };
        },
        guard: () => {
          beside = true;
        },
      },
    );
    expect(await refusalOf(work)).to.equal('shared_prefix');
    expect(await settings(before)).to.include({ tz: 'UTC' });
  });

  it('does not begin what the settings would leave half done', async () => {
    const before = await put();
    await test.server.deleteDatabase(settingsOf(before));
    const work = modify(before, { locale: 'fr', settings: { tz: 'UTC' } });
    expect(await refusalOf(work)).to.equal('incomplete');
    expect((await stored(before))?._rev).to.equal(before._rev);
  });

  it('finds settings by the prefix of the document and on its cluster', async () => {
    const before = await put({ prefix: prefixOf(test.domain('of-former-days')), couch_cluster: 3 });
    const asked: unknown[] = [];
    const cluster = (index: number | undefined) => {
      asked.push(index);
      return test.server;
    };
    await modify(before, { settings: { tz: 'Asia/Tokyo' } }, { cluster });
    expect(new Set(asked)).to.deep.equal(new Set([3]));
    expect(await settings(before)).to.include({ tz: 'Asia/Tokyo' });
  });

  describe('that is to belong to an organization', () => {
    const OF_SCHOOL = { orgId: 'school', orgDomain: 'school.example' };

    it('becomes a member where its owner is known by address and name', async () => {
      const before = await put({}, { email: 'a@b.example', public_name: 'A' });
      await modify(before, OF_SCHOOL);
      expect(await stored(before)).to.include({ org_id: 'school', org_domain: 'school.example' });
    });

    for (const [lacking, there] of [
      ['email', { public_name: 'A' }],
      ['public_name', { email: 'a@b.example', public_name: '' }],
    ] as const) {
      it(`is refused without ${lacking}, and not changed`, async () => {
        const before = await put({}, there);
        expect(await refusalOf(modify(before, { ...OF_SCHOOL, locale: 'fr' }))).to.equal('member_incomplete');
        expect((await stored(before))?._rev).to.equal(before._rev);
      });
    }

    it('gets what a member needs before it is one', async () => {
      const before = await put();
      const order: string[] = [];
      const global = {
        ...test.server,
        async putDocument(...asked: Parameters<CouchServer['putDocument']>) {
          order.push('instance');
          return await test.server.putDocument(...asked);
        },
      };
      const cluster = () => ({
        ...test.server,
        async putDocument(...asked: Parameters<CouchServer['putDocument']>) {
          order.push('settings');
          return await test.server.putDocument(...asked);
        },
      });
      const changes = { ...OF_SCHOOL, settings: { email: 'a@b.example', public_name: 'A' } };
      await modify(before, changes, { global, cluster });
      expect(order).to.deep.equal(['settings', 'instance']);
    });

    it('stays what it is where nothing changes, whatever it lacks', async () => {
      const before = await put({ org_id: 'school' });
      const { outcome } = await modify(before, { orgId: 'school' });
      expect(outcome).to.equal('unchanged');
    });

    for (const fields of [{ fs_scheme: 's3' }, { fs_scheme: 's3', org_id: 'academy' }]) {
      it(`keeps the organization that its bucket is called by: ${JSON.stringify(fields)}`, async () => {
        const before = await put(fields, { email: 'a@b.example', public_name: 'A' });
        expect(await refusalOf(modify(before, OF_SCHOOL))).to.equal('other_storage');
        expect((await stored(before))?._rev).to.equal(before._rev);
      });
    }

    it('may get another domain of the organization on S3', async () => {
      const before = await put(
        { fs_scheme: 's3', org_id: 'school' },
        { email: 'a@b.example', public_name: 'A' },
      );
      await modify(before, OF_SCHOOL);
      expect(await stored(before)).to.include({ org_domain: 'school.example' });
    });
  });

  describe('among others who write', () => {
    const FIELDS: readonly InstanceChanges[] = [
      { locale: 'fr' },
      { uuid: 'u' },
      { context: 'beta' },
      { sponsorships: ['one'] },
      { diskQuota: 5 },
      { blocked: true, blockingReason: 'MOVING' },
      { tos: '1.0.0', settings: { tz: 'Europe/Paris' } },
      { settings: { email: 'a@b' } },
      { settings: { public_name: 'Alice' } },
      { magicLink: true, settings: { phone: '1' } },
    ];

    /** As another program that tries again for as long as it takes. */
    async function writeOutside(
      server: CouchServer,
      database: string,
      id: string,
      field: string,
    ): Promise<void> {
      for (;;) {
        const now: StoredDocument | undefined = await server.getDocument(database, id);
        if (now === undefined) throw new Error(`${id} is gone`);
        try {
          await server.putDocument(database, { ...now, [field]: field });
          return;
        } catch (error) {
          if (!isStatus(error, 409)) throw error;
        }
      }
    }

    it('loses no field of anybody', async () => {
      const before = await put();
      const outside = ['x1', 'x2', 'x3', 'x4'];
      await Promise.all([
        ...FIELDS.map((changes) => modify(before, changes)),
        ...outside.map((field) => writeOutside(test.server, INSTANCES, before._id, field)),
        ...outside.map((field) => writeOutside(test.server, settingsOf(before), SETTINGS_ID, field)),
      ]);
      const unknown = Object.fromEntries(outside.map((field) => [field, field]));
      const { _rev, ...instance } = (await stored(before)) ?? {};
      const { _rev: _old, ...fields } = before;
      expect(instance).to.deep.equal({
        ...fields,
        ...unknown,
        locale: 'fr',
        uuid: 'u',
        context: 'beta',
        sponsorships: ['one'],
        disk_quota: '5',
        blocked: true,
        blocking_reason: 'MOVING',
        tos: '1.0.0',
        magic_link: true,
      });
      expect(await settings(before)).to.include({
        ...unknown,
        tz: 'Europe/Paris',
        email: 'a@b',
        public_name: 'Alice',
        phone: '1',
      });
    });

    it('goes on however often somebody is faster', async () => {
      const before = await put();
      let conflicts = 0;
      const busy: CouchServer = {
        ...test.server,
        async putDocument(database, document, signal) {
          if (database === INSTANCES && conflicts < 15) {
            conflicts += 1;
            await writeOutside(test.server, INSTANCES, before._id, `x${conflicts}`);
          }
          return await test.server.putDocument(database, document, signal);
        },
      };
      const { instance } = await modify(before, { locale: 'fr' }, { global: busy });
      expect(conflicts).to.equal(15);
      expect(instance).to.include({ locale: 'fr', x1: 'x1', x15: 'x15' });
    });

    it('stops when it is told to', async () => {
      const before = await put();
      const stop = new AbortController();
      const busy: CouchServer = {
        ...test.server,
        async putDocument(database, document, signal) {
          await writeOutside(test.server, INSTANCES, before._id, 'x');
          stop.abort(new Error('asked to stop'));
          return await test.server.putDocument(database, document, signal);
        },
      };
      const error = await thrownBy(modify(before, { locale: 'fr' }, { global: busy, signal: stop.signal }));
      expect(String(error)).to.match(/abort|asked to stop/i);
      expect((await stored(before))?.locale).to.equal('en');
    });
  });

  describe('leaves alone', () => {
    const RESERVED = { blocked: true, blocking_reason: 'PROVISIONING:0123456789abcdef' };

    it('what is being made', async () => {
      const before = await put(RESERVED);
      expect(await refusalOf(modify(before, { locale: 'fr' }))).to.equal('provisioning');
      expect(await refusalOf(modify(before, { blocked: false }))).to.equal('provisioning');
      expect((await stored(before))?._rev).to.equal(before._rev);
    });

    it('what is being deleted', async () => {
      const before = await put({ deleting: true });
      expect(await refusalOf(modify(before, { locale: 'fr' }))).to.equal('deleting');
      expect((await stored(before))?._rev).to.equal(before._rev);
    });

    it('what the guard refuses, also when it learns so late', async () => {
      const before = await put();
      const guard = (now: StoredInstance) => {
        if (now['x'] !== undefined) throw new Refusal('superseded', 'another one');
      };
      const busy: CouchServer = {
        ...test.server,
        async putDocument(database, document, signal) {
          await test.server.putDocument(INSTANCES, { ...before, x: 'x' });
          return await test.server.putDocument(database, document, signal);
        },
      };
      const work = modify(before, { locale: 'fr' }, { global: busy, guard });
      expect(await refusalOf(work)).to.equal('superseded');
      expect((await stored(before))?.locale).to.equal('en');
    });

    it('what is gone', async () => {
      const before = await put();
      await test.server.deleteDocument(INSTANCES, before._id, before._rev);
      expect(await refusalOf(modify(before, { locale: 'fr' }))).to.equal('superseded');
    });
  });

  describe('takes a deletion back', () => {
    const databases = ({ domain }: StoredInstance) =>
      DATABASES.map(({ doctype }) => databaseName(prefixOf(domain), doctype));

    async function putWhole(): Promise<StoredInstance> {
      const instance = await put({ deleting: true });
      const others = databases(instance).filter((name) => name !== settingsOf(instance));
      await Promise.all(others.map((name) => test.server.createDatabase(name)));
      return instance;
    }

    it('where all its databases are there', async () => {
      const before = await putWhole();
      const { outcome, instance } = await modify(before, { deleting: false });
      expect(outcome).to.equal('modified');
      expect(instance).not.to.have.property('deleting');
    });

    it('of no instance that is removed in part', async () => {
      const before = await putWhole();
      for (const name of databases(before).reverse()) {
        await test.server.deleteDatabase(name);
        expect(await refusalOf(modify(before, { deleting: false }))).to.equal('half_removed');
      }
      expect(await stored(before)).to.deep.equal(before);
    });

    it('of no instance that loses a database before the flag is written', async () => {
      const before = await putWhole();
      let conflicts = 0;
      const busy: CouchServer = {
        ...test.server,
        async putDocument(database, document, signal) {
          conflicts += 1;
          if (conflicts === 1) {
            await test.server.putDocument(INSTANCES, { ...before, x: 'x' });
            await test.server.deleteDatabase(settingsOf(before));
          }
          return await test.server.putDocument(database, document, signal);
        },
      };
      const work = modify(before, { deleting: false }, { global: busy });
      expect(await refusalOf(work)).to.equal('half_removed');
      expect(await stored(before)).to.include({ deleting: true });
    });
  });

  describe('where the domain is destroyed and made anew before its settings are written', () => {
    const change = { locale: 'fr', settings: { email: 'old@example.org' } } as const;

    /** A cluster where that happens right after the settings were read. */
    function reborn(before: StoredInstance, next: Partial<InstanceDocument>, id = before._id): CouchServer {
      let happened = false;
      return {
        ...test.server,
        async getDocument(database, documentId, signal) {
          const found = await test.server.getDocument(database, documentId, signal);
          if (happened || documentId !== SETTINGS_ID) return found;
          happened = true;
          const now = await stored(before);
          await test.server.deleteDocument(INSTANCES, before._id, now?._rev ?? '');
          await test.server.putDocument(INSTANCES, {
            _id: id,
            domain: before.domain,
            prefix: before.prefix,
            locale: 'de',
            password_defined: false,
            ...next,
          });
          return found;
        },
      };
    }

    for (const [what, id] of [
      ['under the same id', undefined],
      ['under another id', '0123456789abcdef0123456789abcdef'],
    ] as const) {
      for (const there of [true, false]) {
        it(`gives the new one no setting of the old one, ${what}, ${there ? 'with' : 'without'} settings`, async () => {
          const before = await put({ cli_secret: 'first life' });
          if (!there) {
            const { _rev = '' } = (await settings(before)) ?? {};
            await test.server.deleteDocument(settingsOf(before), SETTINGS_ID, _rev);
          }
          const cluster = reborn(before, { cli_secret: 'second life' }, id);
          expect(await refusalOf(modify(before, change, { cluster: () => cluster }))).to.equal('superseded');
          expect((await settings(before))?.['email']).to.equal(undefined);
          const now = await stored(before);
          await test.server.deleteDocument(INSTANCES, now?._id ?? '', now?._rev ?? '');
        });
      }
    }

    it('asks the guard again', async () => {
      const before = await put({ cli_secret: 'same' });
      const cluster = reborn(before, { cli_secret: 'same', oidc_id: 'another' });
      const guard = (now: StoredInstance) => {
        if (now.oidc_id !== undefined) throw new Refusal('changed', 'another one');
      };
      const work = modify(before, change, { cluster: () => cluster, guard });
      expect(await refusalOf(work)).to.equal('changed');
      expect((await settings(before))?.['email']).to.equal(undefined);
    });
  });

  it('asks whether it is meant only until its own change is written', async () => {
    const before = await put({ blocked: true, blocking_reason: 'MOVING' });
    const refuseUnmeant = (now: StoredInstance) => {
      if (now.blocked !== true) throw new Refusal('changed', 'it is not blocked');
    };
    await modify(before, { blocked: false, settings: { tz: 'Europe/Paris' } }, { refuseUnmeant });
    expect(await settings(before)).to.include({ tz: 'Europe/Paris' });
    expect(await refusalOf(modify(before, { locale: 'fr' }, { refuseUnmeant }))).to.equal('changed');
  });
});
