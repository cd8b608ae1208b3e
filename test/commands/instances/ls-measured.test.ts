import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { REPORT } from '../../../src/usage/kept-report.ts';
import { LOGINS } from '../../../src/usage/last-activity.ts';
import { type AppRegistry, startAppRegistry } from '../../support/app-registry.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { useInstance } from '../../support/used-instance.ts';

const MEASURED = 'domain,last_activity,created_at,files,disk_used,disk_share,apps';

describe('what instances are used for', () => {
  let registry: AppRegistry;
  let platform: CliPlatform;

  const run = (...argv: string[]): Promise<Ran> => platform.run('instances', ...argv);

  async function change(domain: string, fields: object): Promise<void> {
    const [found] = await findByNames(platform.server, [domain]);
    if (found === undefined) throw new Error(`${domain} is not there`);
    await platform.server.putDocument(INSTANCES, { ...found, ...fields });
  }

  before(async () => {
    registry = await startAppRegistry();
    platform = await startPlatform({ registries: [registry.url] });
    await platform.startWorker();
    const rows = [
      'domain,locale,apps,disk-quota,email,public-name',
      'a.example.org,fr,agenda,1GB,alice@example.org,Alice',
      'b.example.org,fr,,,,',
      'c.example.org,fr,,1GB,,',
      'd.example.org,fr,,,,',
    ];
    const file = await platform.write('made.csv', rows);
    expect((await run('add', '--from', file)).exitCode).to.equal(0);
    await platform.stopWorker();
    await useInstance(platform.server, 'a.example.org', {
      madeAt: '2020-02-03T04:05:06.789Z',
      logins: ['2021-03-01T23:30:00-02:00'],
      files: [700_000_000, 200_000_000],
      versions: [33_000_000],
    });
  });

  after(async () => {
    await platform.close();
    await registry.close();
  });

  const A = ['ls', '--domain', 'a.*'];

  it('is listed for people, with sizes, percent and days', async () => {
    const { stdout, exitCode } = await run(
      ...A,
      '--format',
      'table',
      '--columns',
      `${MEASURED},email,onboarded`,
    );
    expect(exitCode).to.equal(0);
    const [head = '', line = ''] = stdout.split('\n');
    expect(head.split(/ {2,}/)).to.deep.equal(`${MEASURED},email,onboarded`.toUpperCase().split(','));
    expect(line.split(/ {2,}/)).to.deep.equal([
      'a.example.org',
      '2021-03-01',
      '2020-02-03',
      '2',
      '933 MB',
      '93.3%',
      'agenda@2.3.1',
      'alice@example.org',
      'false',
    ]);
  });

  it('is listed for programs, with bytes and numbers', async () => {
    const csv = await run(...A, '--format', 'csv', '--fields', `${MEASURED},public_name`);
    expect(csv.stdout.split('\n')[1]).to.equal(
      'a.example.org,2021-03-01,2020-02-03T04:05:06.789Z,2,933000000,93.3,agenda@2.3.1,Alice',
    );
    const json = await run(...A, '--json', '--fields', `${MEASURED},email`);
    expect(JSON.parse(json.stdout)).to.deep.equal({
      domain: 'a.example.org',
      last_activity: '2021-03-01',
      created_at: '2020-02-03T04:05:06.789Z',
      files: 2,
      disk_used: 933_000_000,
      disk_share: 93.3,
      apps: ['agenda@2.3.1'],
      email: 'alice@example.org',
    });
  });

  it('has no share without a quota, and no files is a number', async () => {
    const { stdout } = await run(
      'ls',
      '--domain',
      'b.*',
      '--json',
      '--fields',
      'files,disk_used,disk_share,email',
    );
    expect(JSON.parse(stdout)).to.deep.equal({ files: 0, disk_used: 0, disk_share: null, email: null });
  });

  describe('where something is broken', () => {
    before(async () => {
      await platform.server.deleteDatabase(databaseName(prefixOf('c.example.org'), LOGINS));
      await platform.server.deleteDatabase(databaseName(prefixOf('c.example.org'), 'io.cozy.files.versions'));
      await change('d.example.org', { deleting: true });
    });

    it('leaves the cell empty, names the instance, and tells the rest', async () => {
      const flags = ['--domain', 'c.*', '--json', '--fields', 'last_activity,disk_used,disk_share,files'];
      const { stdout, stderr } = await run('ls', ...flags);
      expect(JSON.parse(stdout)).to.deep.equal({
        last_activity: null,
        disk_used: null,
        disk_share: null,
        files: 0,
      });
      expect(stderr).to.match(/Not measured: c\.example\.org: .*sessions-logins.*files-versions/);
    });

    it('ends with the code of what succeeded in part, and of what failed where nothing is told', async () => {
      expect((await run('ls', '--fields', 'domain,last_activity')).exitCode).to.equal(68);
      expect((await run('ls', '--domain', 'c.*', '--fields', 'domain,last_activity')).exitCode).to.equal(1);
      expect((await run('ls', '--domain', 'c.*', '--fields', 'domain,apps')).exitCode).to.equal(0);
    });

    it('has nothing to tell of one that is being removed, which is no fault', async () => {
      const { stdout, stderr, exitCode } = await run(
        'ls',
        '--domain',
        'd.*',
        '--format',
        'csv',
        '--fields',
        MEASURED,
      );
      expect(stdout.split('\n')[1]).to.equal('d.example.org,,,,,,');
      expect(stderr).to.equal('Not measured: d.example.org: it is being deleted.\n');
      expect(exitCode).to.equal(0);
    });
  });

  describe('in a report', () => {
    it('is not kept before one was made', async () => {
      const { stderr, exitCode } = await run('ls', '--cached', '--fields', MEASURED);
      expect(stderr).to.contain('no report of the instances was kept');
      expect(exitCode).to.equal(1);
    });

    it('is added up, with a bar for each number, and what could not be told', async () => {
      const { stdout, stderr, exitCode } = await run('report');
      expect(stdout).to.contain('4 instances, 2 files, 933 MB');
      expect(stdout).to.contain('1 are being made or removed, and were not measured.');
      expect(stdout).to.contain('Of 1 not all could be told.');
      expect(stdout).to.match(/longer ago {2,}█+ +1\n/);
      expect(stdout).to.match(/never {2,}█+ +1\n/);
      expect(stdout).to.match(/a\.example\.org {2,}█+ +933 MB \(93\.3% of its quota\)/);
      expect(stdout).to.match(/agenda {2,}█+ +1\n/);
      expect(stderr).to.contain('Not measured: c.example.org');
      expect(exitCode).to.equal(68);
    });

    it('is kept without names, addresses and secrets, and is no orphan', async () => {
      const rows = await platform.server.allDocuments(REPORT, { includeDocs: true });
      expect(rows.map(({ id }) => id)).to.have.length(5);
      expect(JSON.stringify(rows)).to.not.match(/alice@|Alice|secret|passphrase|token/);
      const fsck = await run('fsck', '--orphans', '--orphans-wait', '0s');
      expect(fsck.stdout).to.not.contain(REPORT);
    });

    it('is listed from what is kept, with its age, and reads no instance', async () => {
      await useInstance(platform.server, 'a.example.org', { files: [50_000_000] });
      const { stdout, stderr } = await run(...A, '--cached', '--json', '--fields', MEASURED);
      expect(JSON.parse(stdout)).to.deep.equal({
        domain: 'a.example.org',
        last_activity: '2021-03-01',
        created_at: '2020-02-03T04:05:06.789Z',
        files: 2,
        disk_used: 933_000_000,
        disk_share: 93.3,
        apps: ['agenda@2.3.1'],
      });
      expect(stderr).to.match(/From the report of \d{4}-.*, \d+ s old; it is partial: of 1 instance /);
    });

    it('meets filters from what is kept', async () => {
      const { stdout } = await run('ls', '--cached', '--used-over', '90%', '--fields', 'domain,disk_used');
      expect(stdout).to.equal('a.example.org  933 MB\n');
      const idle = await run('ls', '--cached', '--idle-since', '1y', '--fields', 'domain');
      expect(idle.stdout).to.equal('a.example.org\n');
      expect(idle.stderr).to.contain('Passed over: the report could not tell all of c.example.org.');
      expect(idle.stderr).to.contain('d.example.org cannot be measured: it is being deleted');
      expect(idle.exitCode).to.equal(68);
    });

    it('ends as the report itself did where that could not tell all', async () => {
      expect((await run('report', '--cached')).exitCode).to.equal(68);
      expect((await run('ls', '--cached', '--fields', 'domain,last_activity')).exitCode).to.equal(68);
      expect((await run('ls', '--cached', '--fields', 'domain,locale')).exitCode).to.equal(0);
    });

    it('refuses what a report does not keep', async () => {
      expect((await run('ls', '--cached', '--fields', 'domain,email')).exitCode).to.equal(2);
    });

    it('says nothing of another life of a domain, and names it', async () => {
      await change('b.example.org', { cli_secret: Buffer.from('another').toString('base64') });
      const { stdout, stderr, exitCode } = await run(
        'ls',
        '--domain',
        'b.*',
        '--cached',
        '--json',
        '--fields',
        'files',
      );
      expect(JSON.parse(stdout)).to.deep.equal({ files: null });
      expect(stderr).to.contain('Not measured: b.example.org: it is not in the report.');
      expect(exitCode).to.equal(1);
      expect((await run('ls', '--cached', '--idle-since', '1y')).stderr).to.contain('all of b.example.org');
    });

    it('forgets instances that are gone, and is written over', async () => {
      const [gone] = await findByNames(platform.server, ['d.example.org']);
      if (gone === undefined) throw new Error('it is not there');
      await platform.server.deleteDocument(INSTANCES, gone._id, gone._rev);
      const { stdout } = await run('report', '--json');
      expect(JSON.parse(stdout)).to.nested.include({ kept: true, 'summary.instances': 3 });
      const rows = await platform.server.allDocuments(REPORT, {});
      expect(rows.map(({ id }) => id)).to.not.include(`instance:${gone._id}`);
      expect(JSON.parse((await run('report', '--cached', '--json')).stdout).summary.files).to.equal(3);
    });

    it('of a filter is shown and not kept', async () => {
      const { stdout } = await run('report', '--domain', 'a.*', '--json');
      expect(JSON.parse(stdout)).to.nested.include({ kept: false, 'summary.instances': 1 });
      expect(JSON.parse((await run('report', '--cached', '--json')).stdout).summary.instances).to.equal(3);
    });
  });

  describe('beside a document that cannot be read', () => {
    before(async () => {
      for (const domain of ['b.example.org', 'c.example.org']) {
        const [found] = await findByNames(platform.server, [domain]);
        await platform.server.deleteDocument(INSTANCES, found?._id ?? '', found?._rev ?? '');
      }
      expect((await run('report')).exitCode).to.equal(0);
      expect((await run('report', '--cached')).exitCode).to.equal(0);
      await platform.server.putDocument(INSTANCES, { _id: 'odd', domain: 42 });
    });

    it('is not said to be of all, in a report and in what is kept of it', async () => {
      const made = await run('report', '--json');
      expect(JSON.parse(made.stdout)).to.deep.nested.include({
        'summary.instances': 1,
        'summary.unmeasured': 0,
        'summary.unreadable': 1,
      });
      expect(made.exitCode).to.equal(68);
      const kept = await run('report', '--cached');
      expect(kept.stdout).to.contain('Documents that cannot be read, and are in no number: 1.');
      expect(kept.stderr).to.contain('it is partial: documents that could not be read: 1');
      expect(kept.exitCode).to.equal(68);
    });

    it('ends with the code of what succeeded in part where something is measured, and only there', async () => {
      for (const argv of [
        ['ls', '--fields', 'domain,files'],
        ['ls', '--cached', '--fields', 'domain,files'],
        ['ls', '--used-over', '90%'],
        ['count', '--used-over', '90%'],
      ]) {
        expect((await run(...argv)).exitCode, argv.join(' ')).to.equal(68);
      }
      expect((await run('ls')).exitCode).to.equal(0);
      expect((await run('count')).exitCode).to.equal(0);
      expect((await platform.run('apps', 'ls')).exitCode).to.equal(68);
    });
  });
});
