import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fleetYaml } from '../../../src/up/config-file.ts';
import { type Ran, runCommand } from '../../support/cli-platform.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** Known reasons, and any text (`docs/cozy-data.md` §6.3). */
const REASONS = ['LOGIN_FAILED', 'PAYMENT_FAILED', 'UNKNOWN', 'moved house'];

describe('the life of an instance', () => {
  let test: TestFleet;
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let configFile: string;
  let domain: string;
  let atFirst: unknown;

  /** Databases and files of everybody: what a life leaves behind may be anywhere. */
  async function everything(): Promise<unknown> {
    const [databases, files] = [await test.server.listDatabases(''), await readdir(test.storageRoot)];
    return [databases, files];
  }

  const run = (...argv: string[]): Promise<Ran> => runCommand('instances', ...argv, '--config', configFile);

  async function attributes(): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await run('show', domain);
    expect(stderr).to.equal('');
    return JSON.parse(stdout).attributes;
  }

  before(async () => {
    test = await startTestFleet();
    directory = await temporaryDirectory('life');
    configFile = join(directory.path, 'cozy.yaml');
    const { couch, redis, storageRoot, config } = test;
    const { linkScheme } = config.fleet;
    const appCache = join(directory.path, 'apps');
    const settings = { couchUrl: couch.url, storageRoot, redisUrl: redis.url, linkScheme, appCache };
    await writeFile(configFile, fleetYaml(settings), { mode: 0o600 });
    ({
      options: { domain },
    } = test.parse({ domain: test.domain('life') }));
    atFirst = await everything();
  });

  after(async () => {
    await test.close();
    await directory.remove();
  });

  it('begins with add', async () => {
    const { exitCode, stderr } = await run('add', domain, '--locale', 'fr', '--disk-quota', '5GB');
    expect(exitCode, stderr).to.equal(0);
  });

  it('is listed', async () => {
    const { stdout } = await run('ls', '--domain', domain);
    expect(stdout).to.match(new RegExp(`^${domain} +fr +5.0 GB +onboarding +v39 +cozy[0-9a-f]{32}`));
  });

  it('is counted', async () => {
    expect((await run('count', '--domain', domain)).stdout).to.equal('1 instance\n');
  });

  it('is shown', async () => {
    expect(await attributes()).to.include({ domain, locale: 'fr', disk_quota: '5000000000' });
  });

  it('is well', async () => {
    expect(await run('fsck', domain)).to.include({ stdout: '', exitCode: 0 });
  });

  it('is modified', async () => {
    const { exitCode, stderr } = await run('modify', domain, '--email', 'a@example.org', '--locale', 'de');
    expect(exitCode, stderr).to.equal(0);
    expect(await attributes()).to.include({ locale: 'de', disk_quota: '5000000000' });
    const [settings] = (await test.documents(domain, 'io.cozy.settings')).filter(({ email }) => email);
    expect(settings).to.include({ email: 'a@example.org' });
  });

  for (const reason of REASONS) {
    it(`is blocked for ${reason}, and unblocked`, async () => {
      await run('modify', domain, '--blocking-reason', reason);
      expect(await attributes()).to.include({ blocked: true, blocking_reason: reason });
      await run('modify', domain, '--blocked=false');
      expect(await attributes()).to.not.have.any.keys('blocked', 'blocking_reason');
    });
  }

  it('ends with destroy', async () => {
    const { stdout, exitCode, stderr } = await run('destroy', domain, '--force');
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.equal(`Instance for domain ${domain} has been destroyed with success\n`);
    expect((await run('show', domain)).exitCode).to.equal(1);
  });

  it('leaves databases and files as they were', async () => {
    expect(await everything()).to.deep.equal(atFirst);
  });
});
