import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FleetError } from '../../src/errors.ts';
import { checkStorageOwner } from '../../src/storage/storage-owner.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';

const STACK = 4321;

describe('checkStorageOwner', () => {
  let directory: TemporaryDirectory;

  beforeEach(async function () {
    // Only root may give files away.
    if (process.getuid?.() !== 0) this.skip();
    directory = await temporaryDirectory('owner');
  });

  afterEach(() => directory?.remove());

  async function instanceOf(uid: number): Promise<void> {
    const path = join(directory.path, 'alice.example.org');
    await mkdir(path);
    await chown(path, uid, uid);
  }

  it('is content with the user that owns what is there', async () => {
    await instanceOf(STACK);
    expect(await checkStorageOwner(directory.path, STACK)).to.equal(undefined);
  });

  it('warns root, whose directories others could not write', async () => {
    await chown(directory.path, STACK, STACK);
    const warning = await checkStorageOwner(directory.path, 0);
    expect(warning).to.include('will belong to root').and.include(`sudo -u '#${STACK}'`);
  });

  it('refuses a user who could not write what the stack makes', async () => {
    await instanceOf(STACK);
    const error = await thrownBy(checkStorageOwner(directory.path, 1234));
    expect(error).to.be.instanceOf(FleetError).and.include({ code: 'wrong_user' });
    expect(error).to.have.property('message').that.includes('uid 4321 owns').and.includes('as uid 1234');
  });

  it('says nothing of an empty root that belongs to root', async () => {
    await mkdir(join(directory.path, 'lost+found'));
    await mkdir(join(directory.path, '.snapshots'));
    expect(await checkStorageOwner(directory.path, STACK)).to.equal(undefined);
  });
});
