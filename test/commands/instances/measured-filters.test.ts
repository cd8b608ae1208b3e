import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { LOGINS } from '../../../src/usage/last-activity.ts';
import { type AppRegistry, startAppRegistry } from '../../support/app-registry.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { useInstance } from '../../support/used-instance.ts';

const LONG_AGO = '2020-01-01T00:00:00Z';
const IDLE = ['--idle-since', '2022-01-01'];

describe('filters by what instances are used for', () => {
  let registry: AppRegistry;
  let platform: CliPlatform;

  const run = (...argv: string[]): Promise<Ran> => platform.run('instances', ...argv);

  /** The domains that a filter means, by their first labels. */
  async function meant(...flags: string[]): Promise<string[]> {
    const { stdout, stderr, exitCode } = await run('ls', '--fields', 'domain', ...flags);
    expect({ stderr, exitCode }).to.deep.equal({ stderr: '', exitCode: 0 });
    return stdout
      .split('\n')
      .flatMap((line) => line.split('.', 1)[0] || [])
      .sort();
  }

  async function setQuota(domain: string, quota: string): Promise<void> {
    const [found] = await findByNames(platform.server, [domain]);
    if (found === undefined) throw new Error(`${domain} is not there`);
    await platform.server.putDocument(INSTANCES, { ...found, disk_quota: quota });
  }

  const isThere = async (domain: string) => (await findByNames(platform.server, [domain])).length > 0;

  before(async () => {
    registry = await startAppRegistry();
    platform = await startPlatform({ registries: [registry.url] });
    await platform.startWorker();
    const rows = [
      'domain,locale,apps,disk-quota,feature-flags',
      'idle.example.org,fr,agenda,1GB,"{""a"":true,""n"":3}"',
      'used.example.org,fr,,1GB,"{""a"":false}"',
      'new.example.org,fr,,,',
      'endless.example.org,fr,,,',
    ];
    const file = await platform.write('made.csv', rows);
    expect((await run('add', '--from', file)).exitCode).to.equal(0);
    await useInstance(platform.server, 'idle.example.org', {
      madeAt: LONG_AGO,
      logins: ['2021-03-01T10:00:00Z'],
      files: [700_000_000],
      versions: [250_000_000],
    });
    const used = { madeAt: LONG_AGO, logins: [LONG_AGO, '2024-03-01T10:00:00Z'], files: [900_000_000] };
    await useInstance(platform.server, 'used.example.org', used);
    const files = [9_000_000_000];
    await useInstance(platform.server, 'endless.example.org', {
      madeAt: LONG_AGO,
      logins: [LONG_AGO],
      files,
    });
    await platform.stopWorker();
  });

  after(async () => {
    await platform.close();
    await registry.close();
  });

  it('find who was not there since, and no instance that is new', async () => {
    expect(await meant(...IDLE)).to.deep.equal(['endless', 'idle']);
    expect(await meant('--idle-since', '2025-01-01')).to.deep.equal(['endless', 'idle', 'used']);
    expect(await meant('--idle-since', '1d')).to.deep.equal(['endless', 'idle', 'used']);
  });

  it('find who uses more than a part of the quota, files and versions together', async () => {
    expect(await meant('--used-over', '89.9%')).to.deep.equal(['idle', 'used']);
    expect(await meant('--used-over', '90%')).to.deep.equal(['idle']);
    expect(await meant('--used-over', '0%')).to.deep.equal(['idle', 'used']);
  });

  it('find who has an application in a version', async () => {
    expect(await meant('--app', 'agenda')).to.deep.equal(['idle']);
    expect(await meant('--app', 'agenda<2.3')).to.deep.equal([]);
    expect(await meant('--app', 'agenda>=2.3', '--app', 'agenda<3')).to.deep.equal(['idle']);
    expect(await meant('--app', 'agenda', '--app', 'notes')).to.deep.equal([]);
  });

  it("find who has a flag, and a flag's value", async () => {
    expect(await meant('--flag', 'a')).to.deep.equal(['idle', 'used']);
    expect(await meant('--flag', 'a=true', '--flag', 'n=3')).to.deep.equal(['idle']);
    expect(await meant('--flag', 'a="true"')).to.deep.equal([]);
  });

  it('hold together', async () => {
    expect(await meant(...IDLE, '--used-over', '90%', '--locale', 'fr')).to.deep.equal(['idle']);
  });

  it('count', async () => {
    expect((await run('count', ...IDLE)).stdout).to.equal('2 instances\n');
  });

  it('choose dates by them, and take back those alone whose number is typed', async () => {
    const domains = ['idle.example.org', 'used.example.org'];
    const set = await run('destroy', ...domains, '--after', '30d', '--force', '--json');
    expect(set.exitCode, set.stderr).to.equal(0);
    const dated = async (...flags: string[]): Promise<string[]> =>
      JSON.parse((await platform.run('dates', 'ls', '--json', ...flags)).stdout).map(
        ({ domain }: { domain: string }) => domain,
      );
    expect(await dated(...IDLE)).to.deep.equal(['idle.example.org']);
    expect(await dated('--app', 'agenda')).to.deep.equal(['idle.example.org']);
    const asked = platform.spawn(['dates', 'cancel', ...IDLE], '2\n');
    expect(await asked.ended).to.include({ exitCode: 1 });
    expect((await dated()).sort()).to.deep.equal(domains);
    const typed = platform.spawn(['dates', 'cancel', ...IDLE], '1\n');
    expect(await typed.ended).to.include({ exitCode: 0 });
    expect(await dated()).to.deep.equal(['used.example.org']);
    await platform.run('dates', 'cancel', '--used-over', '80%', '--domain', 'used.*', '--force');
    expect(await dated()).to.deep.equal([]);
  });

  describe('where an instance cannot be measured', () => {
    before(async () => {
      await platform.startWorker();
      const made = await run('add', 'broken.example.org', '--locale', 'fr');
      expect(made.exitCode).to.equal(0);
      await platform.stopWorker();
      await useInstance(platform.server, 'broken.example.org', { madeAt: LONG_AGO });
      await platform.server.deleteDatabase(databaseName(prefixOf('broken.example.org'), LOGINS));
    });

    it('name it, do not mean it, and end with the code of what succeeded in part', async () => {
      const { stdout, stderr, exitCode } = await run('count', ...IDLE, '--json');
      expect(JSON.parse(stdout)).to.have.property('count', 2);
      expect(JSON.parse(stdout).unmeasured).to.have.length(1);
      expect(stderr).to.match(/Passed over: broken\.example\.org cannot be measured: .*404/);
      expect(exitCode).to.equal(68);
      expect((await run('ls', ...IDLE)).exitCode).to.equal(68);
    });

    it('do not destroy it, and tell that it was passed over', async () => {
      const flags = [...IDLE, '--locale', 'fr', '--dry-run', '--json'];
      const { stdout, stderr } = await run('destroy', ...flags);
      const { rows } = JSON.parse(stdout);
      expect(rows.map(({ domain }: { domain: string }) => domain).sort()).to.deep.equal([
        'endless.example.org',
        'idle.example.org',
      ]);
      expect(stderr).to.contain('broken.example.org cannot be measured');
    });

    it('take one that is being made or removed for no fault', async () => {
      const [found] = await findByNames(platform.server, ['broken.example.org']);
      if (found === undefined) throw new Error('it is not there');
      await platform.server.putDocument(INSTANCES, { ...found, deleting: true });
      const { stdout, stderr, exitCode } = await run('count', ...IDLE);
      expect(stdout).to.equal('2 instances\n');
      expect(stderr).to.contain('broken.example.org cannot be measured: it is being deleted');
      expect(exitCode).to.equal(0);
    });
  });

  describe('while a batch waits for its turn', () => {
    const back = 'endless.example.org';
    const idOf = ({ stdout }: Ran): string => JSON.parse(stdout).batch;

    it('spare the instance whose owner has come back, in a plan and in a batch', async () => {
      const planFile = await platform
        .write('none.txt', [])
        .then((path) => path.replace('none.txt', 'idle.plan'));
      const planned = await run('destroy', ...IDLE, '--dry-run', '--plan-file', planFile);
      expect(planned.exitCode).to.equal(10);
      const flags = ['--force', '--however-many', '2', '--async'];
      const queued = await run('destroy', ...IDLE, ...flags, '--json');
      expect({ code: queued.exitCode, stderr: queued.stderr }).to.have.property('code', 0);

      await useInstance(platform.server, back, { logins: [new Date().toISOString()] });
      await platform.startWorker();
      const watched = await platform.run('batches', 'watch', idOf(queued));
      expect(watched.exitCode).to.equal(68);
      const shown = await platform.run('batches', 'show', idOf(queued), '--json');
      expect(shown.stdout).to.contain('"changed"');
      expect(await isThere(back)).to.equal(true);
      expect(await isThere('idle.example.org')).to.equal(false);

      const submitted = await platform.run('batches', 'submit', planFile, '--however-many', '2');
      expect(submitted.stdout).to.contain('0 destroyed, 2 failed');
      expect(await isThere(back)).to.equal(true);
    });

    it('change, update and repair only what still meets them', async () => {
      const domain = 'other.example.org';
      expect((await run('add', domain, '--apps', 'agenda', '--disk-quota', '1GB')).exitCode).to.equal(0);
      await useInstance(platform.server, domain, { files: [950_000_000] });
      await platform.stopWorker();
      const full = ['--used-over', '90%', '--domain', 'other.*', '--force', '--async', '--json'];
      // One job at a time has the names of an instance.
      for (const command of [
        ['modify', ...full, '--tos-latest', '2.0.0-20270101'],
        ['update-apps', 'agenda', ...full],
        ['repair', ...full],
      ]) {
        const queued = await run(...command);
        expect(queued.exitCode, queued.stderr).to.equal(0);
        await setQuota(domain, '5000000000');
        await platform.startWorker();
        const watched = await platform.run('batches', 'watch', idOf(queued));
        expect(watched.exitCode, command.join(' ')).to.equal(1);
        const shown = await platform.run('batches', 'show', idOf(queued), '--failed');
        expect(shown.stdout, command.join(' ')).to.contain(
          'it is not domain other.*, used over 90% any more',
        );
        await platform.stopWorker();
        await setQuota(domain, '1000000000');
      }
      await platform.startWorker();
    });

    it('spare the instance that nobody can measure any more', async () => {
      const lost = 'used.example.org';
      const since = ['--idle-since', '2025-01-01', '--domain', lost];
      await platform.stopWorker();
      const queued = await run('destroy', ...since, '--force', '--async', '--tries', '1', '--json');
      expect(queued.exitCode).to.equal(0);
      await platform.server.deleteDatabase(databaseName(prefixOf(lost), LOGINS));
      await platform.startWorker();
      expect((await platform.run('batches', 'watch', idOf(queued))).exitCode).not.to.equal(0);
      expect(await isThere(lost)).to.equal(true);
      const [found] = await findByNames(platform.server, [lost]);
      expect(found).not.to.have.property('deleting');
    });
  });
});
