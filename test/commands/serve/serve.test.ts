import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { scryptText } from '../../../src/instances/vault/passphrase.ts';
import { readParentMessage } from '../../../src/parent-message.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { type Running, runIn } from '../../support/up.ts';

/** Nothing listens there: the servers must start all the same. */
const CONFIG =
  'couchdb:\n  url: http://127.0.0.1:1\nfs:\n  url: file:///nowhere\nfleet:\n  redis_url: redis://127.0.0.1:1\n  public_port: 0\n  admin_port: 0\n';

const basic = (passphrase: string) => `Basic ${Buffer.from(`admin:${passphrase}`).toString('base64')}`;

describe('serve', function () {
  this.timeout(60_000);

  let directory: TemporaryDirectory;
  const started: Running[] = [];

  beforeEach(async () => {
    directory = await temporaryDirectory('serve');
    await writeFile(join(directory.path, 'cozy.yaml'), CONFIG);
  });

  afterEach(async () => {
    for (const { child, ended } of started.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    await directory.remove();
  });

  function run(options: { stdin?: string; channel?: boolean }, ...argv: string[]): Running {
    const running = runIn({ cwd: directory.path, ...options }, 'serve', ...argv);
    started.push(running);
    return running;
  }

  async function setPassphrase(passphrase: string, ...argv: string[]): Promise<string> {
    const running = run({ stdin: `${passphrase}\n` }, 'passwd', '--passphrase-stdin', ...argv);
    const code = await running.ended;
    if (code !== 0) throw new Error(`${code}: ${running.output()}`);
    return running.output();
  }

  const begin = async () =>
    await writeFile(join(directory.path, 'cozy-admin-passphrase'), await scryptText('open sesame'));

  async function ready(
    ...argv: string[]
  ): Promise<{ running: Running; adminUrl: string; publicUrl: string }> {
    const running = run({}, ...argv);
    await running.untilSaid('Ready: admin API at');
    const [publicUrl = '', adminUrl = ''] = running.output().match(/http:\/\/[^\s]+:\d+/g) ?? [];
    return { running, publicUrl, adminUrl };
  }

  const statusFor = async (url: string, passphrase: string) =>
    (await fetch(`${url}/version`, { headers: { authorization: basic(passphrase) } })).status;

  it('does not start without a passphrase, and says how to set one', async () => {
    const running = run({});
    expect(await running.ended).to.equal(2);
    expect(running.output())
      .to.include('There is no admin passphrase')
      .and.include('cozy-fleet serve passwd');
  });

  it('does not start with a file that holds no passphrase', async () => {
    await writeFile(join(directory.path, 'cozy-admin-passphrase'), 'open sesame\n');
    const running = run({});
    expect(await running.ended).to.equal(2);
    expect(running.output()).to.include('cozy-admin-passphrase').and.not.include('sesame');
    expect(running.output()).to.match(/serve passwd --force --file \S*cozy-admin-passphrase/);
  });

  it('starts though neither Redis nor CouchDB is there, and lets the operator in', async () => {
    await begin();
    const { adminUrl } = await ready();
    expect(await statusFor(adminUrl, 'open sesame')).to.equal(200);
    expect(await statusFor(adminUrl, 'open barley')).to.equal(403);
  });

  it('takes a new passphrase while it runs', async () => {
    await begin();
    const { adminUrl } = await ready();
    expect(await statusFor(adminUrl, 'open sesame')).to.equal(200);
    await setPassphrase('another one', '--force');
    expect(await statusFor(adminUrl, 'open sesame')).to.equal(403);
    expect(await statusFor(adminUrl, 'another one')).to.equal(200);
  });

  it('ends on SIGTERM', async () => {
    await begin();
    const { running } = await ready();
    running.child.kill('SIGTERM');
    expect(await running.ended).to.equal(0);
  });

  it('says that a port is taken, and how to choose another', async () => {
    await begin();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const running = run({}, '--admin-port', String(port));
      expect(await running.ended).to.equal(2);
      expect(running.output()).to.include(`Error: Port ${port} of 127.0.0.1 is taken`);
      expect(running.output()).to.include('--admin-port');
    } finally {
      taken.close();
    }
  });

  it('tells its parent both ports, and ends with it', async () => {
    await begin();
    const running = run({ channel: true });
    const [received] = await once(running.child, 'message');
    const message = readParentMessage(received);
    if (message?.state !== 'serving') throw new Error(`the message was ${JSON.stringify(received)}`);
    expect(await statusFor(`http://127.0.0.1:${message.adminPort}`, 'open sesame')).to.equal(200);
    running.child.disconnect();
    expect(await running.ended).to.equal(0);
  });

  it('warns when other machines may send it a passphrase in clear', async () => {
    await begin();
    const { running } = await ready('--admin-host', '0.0.0.0');
    expect(running.output()).to.include('without TLS').and.include('0.0.0.0');
  });

  describe('passwd', () => {
    it('writes what cannot be read back, for its owner alone', async () => {
      expect(await setPassphrase('open sesame')).to.include(join(directory.path, 'cozy-admin-passphrase'));
      const path = join(directory.path, 'cozy-admin-passphrase');
      expect(await readFile(path, 'utf8')).to.match(/^scrypt\$32768\$8\$1\$[\da-f]{32}\$[\da-f]{64}\n$/);
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
    });

    it('leaves a passphrase alone that is set already, unless it is told to replace it', async () => {
      await begin();
      const path = join(directory.path, 'cozy-admin-passphrase');
      const before = await readFile(path, 'utf8');
      const again = run({ stdin: 'another\n' }, 'passwd', '--passphrase-stdin');
      expect(await again.ended).to.equal(2);
      expect(again.output()).to.include('--force');
      expect(await readFile(path, 'utf8')).to.equal(before);
      await setPassphrase('another', '--force');
      expect(await readFile(path, 'utf8')).not.to.equal(before);
    });

    it('refuses an empty passphrase', async () => {
      const running = run({ stdin: '\n' }, 'passwd', '--passphrase-stdin');
      expect(await running.ended).to.equal(2);
      expect(running.output()).to.include('The passphrase is empty');
    });

    it('says when the file it wrote is not the one that counts', async () => {
      await begin();
      const elsewhere = join(directory.path, 'elsewhere');
      expect(await setPassphrase('open sesame', '--file', elsewhere)).to.include('Warning:');
    });
  });
});
