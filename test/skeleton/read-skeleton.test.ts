import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { InputError } from '../../src/errors.ts';
import { MOST_ENTRIES, readSkeleton } from '../../src/skeleton/read-skeleton.ts';
import { putSkeleton, type SkeletonContents } from '../support/skeletons.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('the directory with the first files of new instances', () => {
  let directory: TemporaryDirectory;
  let root: string;

  beforeEach(async () => {
    directory = await temporaryDirectory('skeleton');
    root = directory.path;
  });

  afterEach(() => directory.remove());

  async function read(contents: SkeletonContents, types = {}) {
    await putSkeleton(root, contents);
    return await readSkeleton(root, types);
  }

  async function pathsOf(contents: SkeletonContents): Promise<Record<string, string[]>> {
    const { folders } = await read(contents);
    return Object.fromEntries(
      [...folders].map(([folder, entries]) => [folder, entries.map(({ names }) => names.join('/'))]),
    );
  }

  async function refusal(contents: SkeletonContents): Promise<InputError> {
    const error = await thrownBy(read(contents));
    if (!(error instanceof InputError)) throw error;
    expect(error.code).to.equal('bad_skeleton');
    return error;
  }

  it('has a folder for all, and one for each locale', async () => {
    expect(await pathsOf({ 'common/a.txt': '', 'fr/b.txt': '', 'nl_NL/c.txt': '' })).to.deep.equal({
      common: ['a.txt'],
      fr: ['b.txt'],
      nl_NL: ['c.txt'],
    });
  });

  it('is read with each folder before what is in it', async () => {
    expect(await pathsOf({ 'common/b/c/d.txt': '', 'common/b.txt': '', 'common/empty/': '' })).to.deep.equal({
      common: ['b', 'b/c', 'b/c/d.txt', 'b.txt', 'empty'],
    });
  });

  it('says of each file how large it is, and what', async () => {
    const { folders } = await read({ 'common/a.txt': 'hello' });
    expect(folders.get('common')?.[0]).to.deep.include({
      size: 5,
      md5: 'XUFAKrxLKna5cZ2REBfFkg==',
      mime: 'text/plain',
      class: 'text',
    });
  });

  it('has names in the composed form of Unicode, however a system writes them', async () => {
    const { folders } = await read({ ['common/e\u0301te\u0301.txt']: '' });
    expect(folders.get('common')?.[0]?.names).to.deep.equal(['\u00e9t\u00e9.txt']);
  });

  it('leaves out what is hidden and what systems leave behind, and says so', async () => {
    const { folders, leftOut } = await read({
      'common/.DS_Store': '',
      'common/Thumbs.db': '',
      'common/desktop.ini': '',
      'common/~$letter.docx': '',
      'common/._a.txt': '',
      'common/a.txt': '',
      '.git/config': '',
    });
    expect(folders.get('common')?.map(({ names }) => names[0])).to.deep.equal(['a.txt']);
    expect(leftOut).to.have.length(6);
  });

  describe('has a digest that', () => {
    const digestOf = async (contents: SkeletonContents, types = {}) => (await read(contents, types)).digest;
    const FIRST = { 'common/a.txt': 'a', 'fr/b.txt': 'b' };

    it('is the same for the same files elsewhere', async () => {
      const other = await temporaryDirectory('skeleton');
      await putSkeleton(other.path, FIRST);
      const { digest } = await readSkeleton(other.path, {});
      await other.remove();
      expect(await digestOf(FIRST)).to.equal(digest);
    });

    for (const [what, contents] of [
      ['a content', { 'common/a.txt': 'A' }],
      ['a new file', { 'common/c.txt': '' }],
      ['an empty folder', { 'common/c/': '' }],
    ] as const) {
      it(`is another one after a change of ${what}`, async () => {
        const before = await digestOf(FIRST);
        expect(await digestOf(contents)).to.not.equal(before);
      });
    }

    it('is the same where files would be of another type', async () => {
      expect(await digestOf(FIRST)).to.equal(await digestOf(FIRST, { txt: 'text/x-log' }));
    });

    it('does not change with what is left out', async () => {
      const before = await digestOf(FIRST);
      expect(await digestOf({ 'common/.DS_Store': 'x' })).to.equal(before);
    });
  });

  describe('is refused', () => {
    it('where it is not there', async () => {
      const error = await thrownBy(readSkeleton(join(root, 'nowhere'), {}));
      expect(error)
        .to.include({ code: 'bad_skeleton' })
        .and.to.have.deep.property('place', { file: join(root, 'nowhere') });
    });

    it('with a folder that is no locale', async () => {
      const { message, place } = await refusal({ 'francais/a.txt': '' });
      expect(message).to.include('neither "common" nor a locale');
      expect(place).to.deep.equal({ file: join(root, 'francais') });
    });

    it('with a file beside the folders', async () => {
      await writeFile(join(root, 'fr'), '');
      expect((await refusal({})).message).to.include('is no directory');
    });

    for (const [what, name, words] of [
      ['a line break in a name', 'a\nb.txt', 'line break'],
      ['a note', 'a.cozy-note', 'note'],
      ['a name of the stack', '.cozy_trash', 'the stack has a directory'],
    ] as const) {
      it(`with ${what}`, async () => {
        const { message, place } = await refusal({ [`common/${name}`]: '' });
        expect(message).to.include(words);
        expect(place).to.deep.equal({ file: join(root, 'common', name) });
      });
    }

    it('with a name that is too long once it is composed', async () => {
      // A letter of three bytes that is two of three in NFC.
      expect((await refusal({ [`common/${'\u0958'.repeat(84)}`]: '' })).message).to.include(
        'longer than 255 bytes',
      );
    });

    it('with two names that are one, composed', async () => {
      const contents = { 'common/\u00e9.txt': '', ['common/e\u0301.txt']: '' };
      expect((await refusal(contents)).message).to.include('the same name as another entry');
    });

    it('with a link', async () => {
      await mkdir(join(root, 'common'));
      await symlink('/etc/hostname', join(root, 'common', 'a.txt'));
      expect((await refusal({})).message).to.include('neither a file nor a folder');
    });

    it('with more than anybody would give to each instance', async () => {
      const many = Array.from({ length: MOST_ENTRIES + 1 }, (_, at) => [`common/${at}/`, ''] as const);
      expect((await refusal(Object.fromEntries(many))).message).to.include('more than 2000');
    }).timeout(20_000);
  });
});
