import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeOutput } from '../../../src/cli/terminal/output-file.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('a file that a command writes', () => {
  let directory: TemporaryDirectory;
  const at = (name: string) => join(directory.path, name);
  const write = (name: string) =>
    writeOutput(at(name), async (put) => {
      await put('one\n');
      await put('two\n');
    });

  beforeEach(async () => {
    directory = await temporaryDirectory('output');
  });

  afterEach(() => directory.remove());

  it('can be read by its owner only, whatever the mask is', async () => {
    const umask = process.umask(0);
    await write('links.csv').finally(() => process.umask(umask));
    expect(readFileSync(at('links.csv'), 'utf8')).to.equal('one\ntwo\n');
    expect(lstatSync(at('links.csv')).mode & 0o777).to.equal(0o600);
    expect(readdirSync(directory.path)).to.deep.equal(['links.csv']);
  });

  it('replaces none that is there', async () => {
    await writeFile(at('links.csv'), 'kept');
    expect(await thrownBy(write('links.csv'))).to.include({ code: 'output_exists' });
    expect(readFileSync(at('links.csv'), 'utf8')).to.equal('kept');
  });

  it('is not written through a link, be it to something or to nothing', async () => {
    await writeFile(at('victim'), 'theirs');
    await symlink(at('victim'), at('a'));
    await symlink(at('nowhere'), at('b'));
    for (const name of ['a', 'b']) {
      expect(await thrownBy(write(name))).to.include({ code: 'output_exists' });
    }
    expect(readFileSync(at('victim'), 'utf8')).to.equal('theirs');
    expect(readdirSync(directory.path).sort()).to.deep.equal(['a', 'b', 'victim']);
  });

  it('replaces none that came up meanwhile', async () => {
    const writing = writeOutput(at('links.csv'), async (put) => {
      await put('ours');
      await writeFile(at('links.csv'), 'theirs');
    });
    expect(await thrownBy(writing)).to.include({ code: 'output_exists' });
    expect(readFileSync(at('links.csv'), 'utf8')).to.equal('theirs');
    expect(readdirSync(directory.path)).to.deep.equal(['links.csv']);
  });

  it('is not there when its text could not all be had', async () => {
    const writing = writeOutput(at('links.csv'), async (put) => {
      await put('half');
      throw new Error('made to fail');
    });
    expect(String(await thrownBy(writing))).to.include('made to fail');
    expect(readdirSync(directory.path)).to.deep.equal([]);
  });

  it('is named where it cannot be made', async () => {
    const error = await thrownBy(write('no-such-directory/links.csv'));
    expect(error).to.include({ code: 'unwritable_output' });
  });
});
