import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSkeleton } from '../../src/skeleton/read-skeleton.ts';
import { createSkeletonStore } from '../../src/skeleton/skeleton-store.ts';
import { putSkeleton } from '../support/skeletons.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('the skeletons of a machine', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('store');
    await putSkeleton(directory.path, { 'common/a.txt': 'a' });
  });

  afterEach(() => directory.remove());

  const digestOf = async () => (await readSkeleton(directory.path, {})).digest;

  it('are found where the job says', async () => {
    const wanted = { digest: await digestOf(), directory: directory.path };
    expect((await createSkeletonStore(undefined, {}).find(wanted)).digest).to.equal(wanted.digest);
  });

  it('are found where this machine has them when the job does not say', async () => {
    const store = createSkeletonStore(directory.path, {});
    expect((await store.find({ digest: await digestOf() })).directory).to.equal(directory.path);
  });

  it('are read once for jobs that begin together', async () => {
    const store = createSkeletonStore(directory.path, {});
    const wanted = { digest: await digestOf() };
    const [one, other] = await Promise.all([store.find(wanted), store.find(wanted)]);
    expect(one).to.equal(other);
    expect(await store.find(wanted)).to.equal(one);
  });

  it('are read again for a job with another one', async () => {
    const store = createSkeletonStore(directory.path, {});
    await store.find({ digest: await digestOf() });
    await putSkeleton(directory.path, { 'common/b.txt': 'b' });
    const digest = await digestOf();
    expect((await store.find({ digest })).digest).to.equal(digest);
  });

  it('are refused with both digests where they differ, and may be found later', async () => {
    const store = createSkeletonStore(directory.path, {});
    const digest = await digestOf();
    await putSkeleton(directory.path, { 'common/a.txt': 'changed' });
    const error = await thrownBy(store.find({ digest }));
    expect(error).to.include({ code: 'skeleton', kind: 'retry' });
    expect(error)
      .to.have.property('message')
      .that.includes(digest.slice(0, 12))
      .and.includes((await digestOf()).slice(0, 12));
    // A job of its own cannot be tried again with another one.
    expect(error).to.have.property('advice').that.includes('Rows of a batch');
    await putSkeleton(directory.path, { 'common/a.txt': 'a' });
    expect((await store.find({ digest })).digest).to.equal(digest);
  });

  it('are refused where the directory is not there, with why', async () => {
    const store = createSkeletonStore(join(directory.path, 'gone'), {});
    const error = await thrownBy(store.find({ digest: await digestOf() }));
    expect(error)
      .to.include({ code: 'skeleton', kind: 'retry' })
      .and.to.have.property('message')
      .that.includes('ENOENT');
  });

  it('are the same where types are configured otherwise', async () => {
    const digest = await digestOf();
    const store = createSkeletonStore(directory.path, { txt: 'text/x-log' });
    expect((await store.find({ digest })).folders.get('common')).to.have.nested.property(
      '[0].mime',
      'text/x-log',
    );
  });

  it('are refused once a file was changed in its place', async () => {
    const store = createSkeletonStore(directory.path, {});
    const wanted = { digest: await digestOf() };
    await store.find(wanted);
    await putSkeleton(directory.path, { 'common/a.txt': 'b' });
    expect(await thrownBy(store.find(wanted))).to.include({ code: 'skeleton', kind: 'retry' });
  });

  it('are refused once they were removed', async () => {
    const store = createSkeletonStore(directory.path, {});
    const wanted = { digest: await digestOf() };
    await store.find(wanted);
    await rm(join(directory.path, 'common'), { recursive: true });
    expect(await thrownBy(store.find(wanted))).to.include({ code: 'skeleton', kind: 'retry' });
  });
});
