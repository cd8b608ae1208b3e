import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/write-manifest.mjs', import.meta.url));

const COMMAND = (summary: string) =>
  `export default class Some { static summary = '${summary}'; static async run() {} }\n`;

describe('the manifest of commands', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('manifest');
    const commands = join(directory.path, 'built', 'commands', 'things');
    await mkdir(commands, { recursive: true });
    const oclif = { commands: './elsewhere', topicSeparator: ' ' };
    const pjson = { name: 'some', version: '1.0.0', type: 'module', oclif };
    await writeFile(join(directory.path, 'package.json'), JSON.stringify(pjson));
    await writeFile(join(commands, 'ls.js'), COMMAND('lists things'));
    await writeFile(join(commands, 'show.js'), COMMAND('shows one'));
  });

  afterEach(() => directory.remove());

  const write = () => spawnSync(process.execPath, [SCRIPT, directory.path, './built/commands']);
  const manifest = async () =>
    JSON.parse(await readFile(join(directory.path, 'oclif.manifest.json'), 'utf8'));

  it('tells of each command, and where its module is', async () => {
    expect(write().status).to.equal(0);
    const { commands } = await manifest();
    expect(commands).to.have.all.keys('things:ls', 'things:show');
    expect(commands['things:show']).to.deep.include({
      summary: 'shows one',
      isESM: true,
      relativePath: ['built', 'commands', 'things', 'show.js'],
    });
  });

  it('is written anew, whatever an earlier one says', async () => {
    write();
    await writeFile(join(directory.path, 'built', 'commands', 'things', 'more.js'), COMMAND('adds one'));
    write();
    expect((await manifest()).commands).to.have.all.keys('things:ls', 'things:more', 'things:show');
  });

  it('is not there when a command cannot be loaded', async () => {
    write();
    await writeFile(join(directory.path, 'built', 'commands', 'things', 'broken.js'), 'nonsense(');
    expect(write().status).not.to.equal(0);
    await manifest().then(
      () => expect.fail('a manifest is there'),
      (error) => expect(error).to.include({ code: 'ENOENT' }),
    );
  });
});
