import { dirname } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../../src/config/load-config.ts';
import { connectWorker } from '../../../src/workers/connect.ts';
import { makeCertificate, type TestCertificate } from '../../support/certificates.ts';
import { type CliPlatform, runCommand, startPlatform } from '../../support/cli-platform.ts';
import { silentLog } from '../../support/test-log.ts';
import { startTlsProxy, type TlsProxy } from '../../support/tls-proxy.ts';

describe('commands on a CouchDB over TLS', () => {
  let platform: CliPlatform;
  let proxy: TlsProxy;
  let root: TestCertificate;
  let rootFile: string;

  before(async () => {
    platform = await startPlatform();
    root = await makeCertificate({ name: 'Our root', isAuthority: true });
    const own = await makeCertificate({ name: 'localhost', by: root });
    proxy = await startTlsProxy({ chain: [own], target: Number(new URL(platform.couch.url).port) });
    rootFile = await platform.write('root.pem', [root.cert]);
  });

  after(async () => {
    await proxy.close();
    await platform.close();
  });

  async function configure(...couchdb: string[]): Promise<string> {
    const { user, password } = platform.couch;
    return await platform.write('cozy-tls.yaml', [
      'couchdb:',
      `  url: https://${user}:${password}@localhost:${proxy.port}`,
      ...couchdb.map((line) => `  ${line}`),
      `fs: {url: "file://${platform.config.storage.root}"}`,
      `fleet: {redis_url: "${platform.redis.url}"}`,
    ]);
  }

  it('make an instance when the authority is known', async () => {
    const file = await configure(`root_ca: ${rootFile}`);
    const surroundings = { env: {}, cwd: dirname(file), home: dirname(file) };
    const worker = await connectWorker({
      config: loadConfig({ ...surroundings, file }),
      log: silentLog(),
    });
    try {
      const added = await runCommand('instances', 'add', 'tls.example.org', '--config', file);
      expect(added.stdout).to.contain('Instance created with success for domain tls.example.org');
      expect(added.exitCode).to.equal(0);
      const listed = await runCommand('instances', 'ls', '--fields', 'domain', '--config', file);
      expect(listed.stdout).to.equal('tls.example.org\n');
    } finally {
      await worker.stop();
    }
  });

  it('name what TLS has against the server, and what to do', async () => {
    const { stderr, exitCode } = await runCommand('instances', 'ls', '--config', await configure());
    expect(stderr).to.match(
      new RegExp(
        `^Error: CouchDB at localhost:${proxy.port} has a certificate of an authority that is not known`,
      ),
    );
    expect(stderr).to.contain('couchdb.root_ca').and.not.contain('Start it');
    expect(exitCode).to.equal(1);
  });

  it('are refused as wrong input when a file of theirs is not there', async () => {
    const file = await configure('root_ca: /nowhere/root.pem');
    const { stderr, exitCode } = await runCommand('instances', 'ls', '--config', file);
    expect(stderr).to.equal(
      `Error: ${file}:3: couchdb.root_ca names a file that cannot be read (ENOENT): /nowhere/root.pem.\n`,
    );
    expect(exitCode).to.equal(2);
  });
});
