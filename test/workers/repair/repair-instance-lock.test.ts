import { mkdir, rmdir } from 'node:fs/promises';
import { expect } from 'chai';
import { directoryDocument, ROOT_ID } from '../../../src/instances/documents/file-documents.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { RepairContext } from '../../../src/workers/repair/context.ts';
import { brief } from '../../instances/fsck/brief.ts';
import type { TestFleet } from '../../support/fleet.ts';
import { type SpoilableInstance, useSpoilableInstances } from '../../support/spoilable-instance.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const FILES = 'io.cozy.files';

describe('the lock of a repair', () => {
  const inUse = useSpoilableInstances('locked');
  let fleet: TestFleet;
  let spoilable: SpoilableInstance;
  let isLocked: boolean;

  beforeEach(() => {
    ({ fleet, spoilable } = inUse());
    isLocked = false;
  });

  /** Holds the lock once somebody else has done something. */
  const lockedAfter =
    (meanwhile: () => Promise<unknown>): RepairContext['locked'] =>
    async (work) => {
      await meanwhile();
      isLocked = true;
      await work(new AbortController().signal);
      isLocked = false;
    };
  const nothing = () => Promise.resolve();

  const repair = (changes: Partial<RepairContext>) =>
    spoilable.repair({ recreateEmpty: false }, false, changes);

  it('is not taken where nothing is to be written', async () => {
    const locked = () => Promise.reject(new Error('taken'));
    expect(await repair({ locked })).to.deep.equal({ repaired: [], left: [] });
  });

  it('is not held while everything is looked at, and no content is read', async () => {
    await rmdir(spoilable.onDisk('/Administrative'));
    const storage = fileStorage(fleet.storageRoot);
    const walks: boolean[] = [];
    const watched = {
      ...storage,
      digest: () => Promise.reject(new Error('read')),
      walk(domain: string, skipped?: ReadonlySet<string>) {
        walks.push(isLocked);
        return storage.walk(domain, skipped);
      },
    };
    const { repaired } = await repair({ storage: watched, locked: lockedAfter(nothing) });
    expect(repaired.map(brief)).to.deep.equal(['filesystem_missing /Administrative']);
    expect(walks).to.not.be.empty.and.to.not.include(true);
  });

  it('is worth a second look: no document is made for a directory that has one by now', async () => {
    await mkdir(spoilable.onDisk('/New'));
    const place = { name: 'New', parentId: ROOT_ID, path: '/New' };
    const times = { now: new Date().toISOString(), createdOn: `https://${spoilable.domain}/` };
    const document = { _id: 'by-a-stack', ...directoryDocument({ ...place, ...times }) };
    const locked = lockedAfter(() => spoilable.put(FILES, document));
    expect(await repair({ locked })).to.have.deep.property('left', []);
    expect(await spoilable.check()).to.deep.equal([]);
  });

  it('is worth a second look: an index that a stack has corrected by now is not written again', async () => {
    const id = '_design/dir-by-path';
    const read = () => fleet.server.getDocument(spoilable.database(FILES), id);
    const views = (await read())?.['views'];
    await spoilable.change(FILES, id, { views: {} });
    let corrected: string | undefined;
    const locked = lockedAfter(async () => {
      await spoilable.change(FILES, id, { views });
      corrected = (await read())?._rev;
    });
    expect(await repair({ locked })).to.have.deep.property('left', []);
    expect(await read()).to.have.property('_rev', corrected);
  });

  it('is worth a second look: nothing is made for an instance that is removed by now', async () => {
    await rmdir(spoilable.onDisk('/Administrative'));
    const locked = lockedAfter(() => spoilable.changeInstance({ deleting: true }));
    expect(await thrownBy(repair({ locked }))).to.include({ code: 'deleting' });
    expect(await thrownBy(rmdir(spoilable.onDisk('/Administrative')))).to.include({ code: 'ENOENT' });
  });

  it('is worth a second look: nothing is made for an instance that is imported by now', async () => {
    await rmdir(spoilable.onDisk('/Administrative'));
    const reason = { blocked: true, blocking_reason: 'IMPORTING' };
    const locked = lockedAfter(() => spoilable.changeInstance(reason));
    expect(await thrownBy(repair({ locked }))).to.include({ code: 'moving' });
    expect(await thrownBy(rmdir(spoilable.onDisk('/Administrative')))).to.include({ code: 'ENOENT' });
  });

  it('is worth a second look: nothing is made below a prefix that is another by now', async () => {
    const { prefix: before = '' } = await spoilable.document();
    const prefix = `cozy${'5'.repeat(32)}`;
    await fleet.server.deleteDatabase(spoilable.database('io.cozy.contacts'));
    const correcting = lockedAfter(() => spoilable.changeInstance({ prefix }));
    let isFirst = true;
    const locked: RepairContext['locked'] = async (work) => {
      if (!isFirst) throw new Error('enough');
      isFirst = false;
      await correcting(work);
    };
    await thrownBy(spoilable.repair({ recreateEmpty: true }, false, { locked }));
    await spoilable.changeInstance({ prefix: before });
    expect(await fleet.server.listDatabases(`${prefix}/`)).to.deep.equal([]);
  });
});
