import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { writePrivateFile } from '../../src/up/private-file.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

describe('a private file', () => {
  let directory: TemporaryDirectory;
  const at = (name: string) => join(directory.path, name);

  beforeEach(async () => {
    directory = await temporaryDirectory('private-file');
  });

  afterEach(() => directory.remove());

  it('can be read by its owner only, whatever was there before', async () => {
    await writeFile(at('env.sh'), 'old', { mode: 0o666 });
    const umask = process.umask(0);
    await writePrivateFile(at('env.sh'), 'new').finally(() => process.umask(umask));
    expect(readFileSync(at('env.sh'), 'utf8')).to.equal('new');
    expect(lstatSync(at('env.sh')).mode & 0o777).to.equal(0o600);
    expect(readdirSync(directory.path)).to.deep.equal(['env.sh']);
  });

  it('is never written through a link that somebody laid out', async () => {
    await writeFile(at('victim'), 'theirs');
    await symlink(at('victim'), at('env.sh'));
    await symlink(at('victim'), at(`env.sh.${process.pid}`));
    await writePrivateFile(at('env.sh'), 'new');
    expect(readFileSync(at('victim'), 'utf8')).to.equal('theirs');
    expect(readFileSync(at('env.sh'), 'utf8')).to.equal('new');
    expect(lstatSync(at('env.sh')).isFile()).to.equal(true);
  });
});
