import { scryptSync } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { hashedPassphrase, masterKey } from '../../../src/instances/vault/passphrase.ts';
import { VAULT_ID } from '../../../src/instances/vault/vault.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

const DOMAIN = 'cli.example.org';
const SETTINGS = 'cozy0/io-cozy-settings';
const CHANGED = `Passphrase has been changed for instance  ${DOMAIN}\n`;

describe('instances set-passphrase', () => {
  let platform: CliPlatform;
  const { title } = process;
  const set = (...argv: string[]): Promise<Ran> => platform.run('instances', 'set-passphrase', ...argv);

  before(async () => {
    platform = await startPlatform();
    await putInstances(platform.server, [
      { domain: DOMAIN, prefix: 'cozy0', register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==' },
    ]);
    await platform.server.createDatabase(SETTINGS);
  });

  after(async () => {
    process.title = title;
    await platform.close();
  });

  async function letsIn(passphrase: string): Promise<boolean> {
    const [instance] = await findByNames(platform.server, [DOMAIN]);
    const text = Buffer.from(instance?.passphrase_hash ?? '', 'base64').toString();
    const [, , , , salt = '', key] = text.split('$');
    const hashed = await hashedPassphrase(passphrase, await masterKey(passphrase, { domain: DOMAIN }));
    const options = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
    return scryptSync(hashed, Buffer.from(salt, 'hex'), 32, options).toString('hex') === key;
  }

  it('takes it from stdin', async () => {
    const argv = ['instances', 'set-passphrase', DOMAIN, '--passphrase-stdin'];
    const ran = await platform.spawn(argv, 'battery staple\n').ended;
    expect(ran).to.deep.equal({ stdout: CHANGED, stderr: '', exitCode: 0 });
    expect(await letsIn('battery staple')).to.equal(true);
    const vault = await platform.server.getDocument(SETTINGS, VAULT_ID);
    expect(vault).to.have.property('encrypted_organization_key');
  });

  it('takes it as an argument as the stack does, and warns', async () => {
    const { stdout, stderr, exitCode } = await set(DOMAIN, 'correct horse');
    expect({ stdout, exitCode }).to.deep.equal({ stdout: CHANGED, exitCode: 0 });
    expect(stderr).to.contain('other users of this machine can see').and.not.contain('horse');
    expect(await letsIn('correct horse')).to.equal(true);
  });

  it('shows the instance with --json, and no secret', async () => {
    const { stdout } = await set(DOMAIN, 'correct horse', '--json');
    expect(JSON.parse(stdout).attributes).to.include({
      password_defined: true,
      onboarding_finished: false,
      register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==',
    });
    expect(stdout).not.to.match(/horse|_secret|passphrase_hash/);
  });

  it('keeps it out of Redis', async () => {
    await set(DOMAIN, 'correct horse');
    const [, directory = ''] = Object.values(await platform.fleet.redis.config('GET', 'dir')).map(String);
    const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.aof'));
    const logs = await Promise.all(files.map((file) => readFile(join(directory, file), 'latin1')));
    const [instance] = await findByNames(platform.server, [DOMAIN]);
    expect(logs.join()).to.contain(DOMAIN).and.not.contain('horse');
    expect(logs.join()).not.to.contain(instance?.passphrase_hash);
  });

  it('asks for it, and so needs a terminal', async () => {
    const { stderr, exitCode } = await platform.spawn(['instances', 'set-passphrase', DOMAIN]).ended;
    expect(stderr).to.equal('Error: There is no terminal to ask on\nUse --passphrase-stdin.\n');
    expect(exitCode).to.equal(2);
  });

  for (const [what, argv] of [
    ['several words', ['correct', 'horse']],
    ['what looks like a flag', ['--horse']],
    ['what looks like a short flag', ['-horse']],
    ['what was given twice', ['horse', '--passphrase-stdin']],
    ['nothing', ['']],
  ] as const) {
    it(`refuses ${what} without quoting it`, async () => {
      const { stdout, stderr, exitCode } = await set(DOMAIN, ...argv);
      expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 2 });
      expect(stderr).not.to.contain('horse');
    });
  }

  it('does not know an instance that is not there', async () => {
    const { stderr, exitCode } = await set('nobody.example.org', 'correct horse');
    expect(stderr).to.contain('Error: Not Found: Instance not found\n');
    expect(exitCode).to.equal(1);
  });
});
