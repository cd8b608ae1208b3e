import { chmodSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { placesIn } from '../../src/up/places.ts';
import { makePrivate } from '../../src/up/private-places.ts';
import { canBeAnother } from '../support/other-user.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('the directory of an up', () => {
  let directory: TemporaryDirectory;
  let umask: number;

  beforeEach(async () => {
    directory = await temporaryDirectory('private');
    umask = process.umask(0);
  });

  /** As an operator, or an earlier version, made it. */
  const given = () => mkdir(at(), { mode: 0o755 });

  afterEach(async () => {
    process.umask(umask);
    await directory.remove();
  });

  const at = (...path: string[]) => join(directory.path, 'up', ...path);
  const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);
  const prepare = (ownStorage = true) => makePrivate({ places: placesIn(at()), ownStorage });

  it('is made for us alone, and all that it is to hold', async () => {
    await prepare();
    expect(modeOf(at())).to.equal('700');
    for (const name of ['redis', 'couchdb', 'storage', 'apps', 'logs'])
      expect(modeOf(at(name))).to.equal('700');
  });

  it('keeps its mode where the operator has made it, and what is in it is closed', async () => {
    await given();
    await prepare();
    expect(modeOf(at())).to.equal('755');
    expect(readdirSync(at()).map((name) => modeOf(at(name)))).to.deep.equal(Array(5).fill('700'));
  });

  it('is closed where an earlier version left it open', async () => {
    await given();
    for (const name of ['redis', 'couchdb', 'storage', 'apps', 'logs']) {
      await mkdir(at(name), { mode: 0o777 });
    }
    for (const name of ['cozy.yaml', 'env.sh', 'up.lock']) await writeFile(at(name), '1\n', { mode: 0o666 });
    await prepare();
    for (const name of ['redis', 'couchdb', 'storage', 'apps', 'logs'])
      expect(modeOf(at(name))).to.equal('700');
    for (const name of ['cozy.yaml', 'env.sh', 'up.lock']) expect(modeOf(at(name))).to.equal('600');
  });

  it('leaves a storage of the operator as it is', async () => {
    await given();
    await mkdir(at('storage'), { mode: 0o755 });
    await prepare(false);
    expect(modeOf(at('storage'))).to.equal('755');
  });

  for (const name of ['redis', 'couchdb', 'storage', 'apps', 'logs', 'cozy.yaml', 'env.sh', 'up.lock']) {
    it(`is refused when ${name} is a link, and what it leads to is untouched`, async () => {
      const target = join(directory.path, 'target');
      if (name.includes('.')) await writeFile(target, 'theirs', { mode: 0o644 });
      else await mkdir(target, { mode: 0o755 });
      const before = modeOf(target);
      await given();
      await symlink(target, at(name));
      const error = await thrownBy(prepare());
      expect(error).to.include({ code: 'unsafe_directory' });
      expect(String(error)).to.include(`${at(name)} is a link`);
      expect(modeOf(target)).to.equal(before);
    });
  }

  it('is refused when a link in it leads nowhere', async () => {
    await given();
    await symlink(join(directory.path, 'nowhere'), at('redis'));
    expect(await thrownBy(prepare())).to.include({ code: 'unsafe_directory' });
    expect(readdirSync(directory.path)).to.deep.equal(['up']);
  });

  it('is refused when something in it is of another kind', async () => {
    await given();
    await mkdir(at('cozy.yaml'));
    expect(await thrownBy(prepare())).to.include({ code: 'unsafe_directory' });
  });

  it('is refused when something in it belongs to another user', async function () {
    if (!canBeAnother) this.skip();
    await given();
    await mkdir(at('redis'));
    await chown(at('redis'), 65_534, 65_534);
    const error = await thrownBy(prepare());
    expect(String(error)).to.include('belongs to another user (uid 65534)');
  });

  it('is refused when it belongs to another user, who could put other things in its place', async function () {
    if (!canBeAnother) this.skip();
    await given();
    await chown(at(), 65_534, 65_534);
    const error = await thrownBy(prepare());
    expect(error).to.include({ code: 'unsafe_directory' });
    expect(String(error)).to.include(`${at()} belongs to another user (uid 65534)`);
    expect(readdirSync(at())).to.deep.equal([]);
  });

  it('is refused when all may write to it, unless each may remove only what is their own', async () => {
    await given();
    chmodSync(at(), 0o777);
    expect(await thrownBy(prepare())).to.include({ code: 'unsafe_directory' });
    expect(readdirSync(at())).to.deep.equal([]);
    chmodSync(at(), 0o1777);
    await prepare();
    expect(modeOf(at('redis'))).to.equal('700');
  });

  it('loses nothing of what is in it', async () => {
    await given();
    await mkdir(at('redis'));
    await writeFile(at('redis', 'kept'), 'data');
    await prepare();
    expect(readFileSync(at('redis', 'kept'), 'utf8')).to.equal('data');
  });
});
