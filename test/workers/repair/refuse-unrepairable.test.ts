import { rm, rmdir } from 'node:fs/promises';
import { expect } from 'chai';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type SpoilableInstance, useSpoilableInstances } from '../../support/spoilable-instance.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('the repair of an instance', () => {
  const inUse = useSpoilableInstances('unfit');
  let instance: SpoilableInstance;

  beforeEach(() => {
    ({ spoilable: instance } = inUse());
  });

  for (const reason of ['IMPORTING', 'MOVING']) {
    it(`is refused while its stack works on it: ${reason}`, async () => {
      await instance.changeInstance({ blocked: true, blocking_reason: reason });
      await instance.remove('io.cozy.files', 'io.cozy.files.root-dir');
      await rmdir(instance.onDisk('/Administrative'));
      expect(await instance.check()).to.deep.equal([]);
      const before = await instance.everything();
      expect(await thrownBy(instance.repair())).to.include({ code: 'moving' });
      expect(await instance.everything()).to.deep.equal(before);
    });
  }

  for (const [where, fields, code] of [
    ['Swift', { swift_cluster: 2 }, 'swift'],
    ['S3', { fs_scheme: 's3' }, 'other_storage'],
  ] as const)
    it(`is refused where its files are in ${where}, and fsck compares none of them`, async () => {
      await instance.changeInstance(fields);
      await rm(instance.onDisk('/'), { recursive: true });
      await instance.remove('io.cozy.files', 'io.cozy.files.trash-dir');
      expect(await instance.check()).to.deep.equal(['index_missing_trash']);
      const before = await instance.everything();
      expect(await thrownBy(instance.repair())).to.include({ code });
      expect(await instance.everything()).to.deep.equal(before);
    });

  for (const prefix of ['global', 'secrets', '_users']) {
    it(`is refused where its prefix is not one of an instance: ${prefix}`, async () => {
      await instance.remove('io.cozy.files', 'io.cozy.files.trash-dir');
      const good = await instance.document();
      await instance.changeInstance({ prefix });
      const { server } = inUse().fleet;
      const before = [await instance.everything(), await server.listDatabases(`${prefix}/`)];
      expect(await thrownBy(instance.repair({ recreateEmpty: true }))).to.include({ code: 'shared_prefix' });
      expect([await instance.everything(), await server.listDatabases(`${prefix}/`)]).to.deep.equal(before);
      const { _rev } = await instance.document();
      await server.putDocument(INSTANCES, { ...good, _rev });
    });
  }

  it('is refused where its document cannot be read, and touches nothing', async () => {
    await instance.remove('io.cozy.files', 'io.cozy.files.trash-dir');
    const good = await instance.document();
    const { server } = inUse().fleet;
    await server.putDocument(INSTANCES, { ...good, domain_aliases: 'x' });
    const before = await instance.everything();
    expect(await thrownBy(instance.repair())).to.include({ code: 'unreadable' });
    expect(await instance.everything()).to.deep.equal(before);
    const { _rev } = (await server.getDocument(INSTANCES, good._id)) ?? good;
    await server.putDocument(INSTANCES, { ...good, _rev });
  });

  for (const [what, fieldsOf] of [
    ['has its domain in a list', ({ domain }: StoredInstance) => ({ domain: [domain] })],
    ['had its domain once', ({ domain }: StoredInstance) => ({ domain: 'x.org', old_domain: domain })],
    [
      'has its prefix in upper case',
      ({ prefix = '' }: StoredInstance) => ({ domain: 'x.org', prefix: prefix.toUpperCase() }),
    ],
  ] as const) {
    it(`makes nothing where another document ${what}, from the start or by the time it would`, async () => {
      const { server } = inUse().fleet;
      await instance.remove('io.cozy.files', 'io.cozy.files.trash-dir');
      const _id = `beside-${instance.domain}`;
      const put = async () =>
        await server.putDocument(INSTANCES, { _id, ...fieldsOf(await instance.document()) });
      const before = await instance.everything();
      let rev = '';
      const { signal } = new AbortController();
      const locked = async (work: (signal: AbortSignal) => Promise<void>) => {
        rev = await put();
        await work(signal);
      };
      expect((await instance.repair({ recreateEmpty: true }, false, { locked })).repaired).to.deep.equal([]);
      expect((await instance.repair({ recreateEmpty: true })).repaired).to.deep.equal([]);
      expect(await instance.everything()).to.deep.equal(before);
      await server.deleteDocument(INSTANCES, _id, rev);
      expect((await instance.repair()).repaired).to.have.length(1);
    });
  }
});
