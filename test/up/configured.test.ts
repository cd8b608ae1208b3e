import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { findConfigured } from '../../src/up/configured.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

describe('findConfigured', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('configured');
  });

  afterEach(() => directory.remove());

  const surroundings = (env: NodeJS.ProcessEnv = {}) => ({
    env,
    cwd: directory.path,
    home: join(directory.path, 'home'),
  });

  async function write(name: string, text: string): Promise<string> {
    const path = join(directory.path, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  it('says which parts a file sets', async () => {
    const file = await write('cozy.yaml', 'CouchDB:\n  URL: http://db:5984\nfleet:\n  concurrency: 2\n');
    const found = findConfigured(surroundings(), undefined);
    expect(found).to.deep.equal({ file, isNamed: false, parts: { couchdb: file } });
  });

  it('knows the file that goes over it', async () => {
    const file = await write('cozy.yaml', 'couchdb: {url: http://db:5984}\n');
    const overlay = await write('cozy.yaml.local', 'fs: {url: file:///srv}\n');
    expect(findConfigured(surroundings(), undefined).parts).to.deep.equal({
      couchdb: file,
      storage: overlay,
    });
  });

  it('takes a key without a value for absent', async () => {
    await write('cozy.yaml', 'couchdb:\n  url:\nfs:\n');
    expect(findConfigured(surroundings(), undefined).parts).to.deep.equal({});
  });

  it('knows a Redis that has no URL', async () => {
    const file = await write('cozy.yaml', 'fleet: {redis: {addrs: "a:1 b:2"}}\n');
    expect(findConfigured(surroundings(), undefined).parts).to.deep.equal({ redis: file });
    const env = { COZY_FLEET_REDIS_ADDRS: 'a:1' };
    expect(findConfigured(surroundings(env), undefined).parts).to.include({ redis: 'the environment' });
  });

  it('knows the environment', () => {
    const env = { COZY_FLEET_REDIS_URL: 'redis://r', COZY_FS_URL: '' };
    expect(findConfigured(surroundings(env), undefined)).to.deep.equal({
      file: undefined,
      isNamed: false,
      parts: { redis: 'the environment' },
    });
  });

  it('does not take what an up wrote for configured', async () => {
    await write('.fleet/cozy.yaml', 'couchdb: {url: http://db:5984}\n');
    expect(findConfigured(surroundings(), undefined).file).to.equal(undefined);
  });

  it('takes a file that is named, whichever', async () => {
    const file = await write('.fleet/cozy.yaml', 'couchdb: {url: http://db:5984}\n');
    const found = findConfigured(surroundings(), '.fleet/cozy.yaml');
    expect(found).to.deep.equal({ file, isNamed: true, parts: { couchdb: file } });
  });
});
