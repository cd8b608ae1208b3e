import { join } from 'node:path';
import { expect } from 'chai';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { putWithSettings } from '../../support/planned-platform.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';

describe('instances reset-links', () => {
  let platform: CliPlatform;
  let directory: TemporaryDirectory;

  const run = (...argv: string[]): Promise<Ran> => platform.run('instances', 'reset-links', ...argv);

  before(async () => {
    directory = await temporaryDirectory('reset-links');
    platform = await startPlatform();
    await platform.startWorker();
    await putWithSettings(platform, [
      {
        domain: 'alice.example.org',
        context: 'school',
        locale: 'fr',
        settings: { email: 'alice@example.org' },
      },
      { domain: 'bob.example.org', context: 'school' },
      { domain: 'carol.example.org', context: 'school', register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==' },
      { domain: 'dave.example.org', context: 'school', blocked: true },
      { domain: 'erin.example.org' },
      { domain: 'frank.example.org' },
    ]);
  });

  after(async () => {
    await platform.close();
    await directory.remove();
  });

  async function stored(domain: string) {
    const [instance] = await findByNames(platform.server, [domain]);
    if (instance === undefined) throw new Error(`there is no ${domain}`);
    return instance;
  }

  async function linkOf(domain: string): Promise<string> {
    const { passphrase_reset_token: token = '' } = await stored(domain);
    return `https://${domain}/auth/passphrase_renew?token=${Buffer.from(token, 'base64').toString('hex')}`;
  }

  it('tells beforehand who would get one, and changes nothing', async () => {
    const { stdout, exitCode } = await run('--context', 'school', '--dry-run', '--json');
    const { counts, rows } = JSON.parse(stdout);
    expect(counts).to.include({ change: 2, same: 1, refused: 1, toDo: 2 });
    expect(
      rows.find(({ domain }: { domain: string }) => domain === 'alice.example.org').fields,
    ).to.deep.equal([{ field: 'passphrase_reset_time', old: null, new: '48 h 0 min from then on' }]);
    expect(exitCode).to.equal(10);
    expect((await stored('alice.example.org')).passphrase_reset_token).to.equal(undefined);
  });

  it('asks before it makes any', async () => {
    const { stderr, exitCode } = await platform.spawn(['instances', 'reset-links', '--context', 'school'])
      .ended;
    expect(stderr).to.contain('--force');
    expect(exitCode).to.equal(2);
    expect((await stored('alice.example.org')).passphrase_reset_token).to.equal(undefined);
  });

  it('makes them as a batch, whose export has the links and when each expires', async () => {
    const { stdout, exitCode } = await run('--context', 'school', '--force', '--json', '--valid-for', '7d');
    const { batch, counts } = JSON.parse(stdout);
    expect(counts).to.include({ done: 2, skipped: 1, failed: 1 });
    expect(exitCode).to.equal(68);

    const exported = (await platform.run('batches', 'export', batch)).stdout.split('\n');
    const { passphrase_reset_time: expires } = await stored('alice.example.org');
    const link = await linkOf('alice.example.org');
    expect(exported[0]).to.equal('domain,status,link,link_expires,error_stage,error');
    expect(exported).to.include(`alice.example.org,given a link,${link},${expires},,`);
    expect(exported).to.include('carol.example.org,not registered yet,,,,');
    expect(exported.find((line) => line.startsWith('dave'))).to.match(/^dave.example.org,failed,,,link,/);
    expect(Date.parse(expires ?? '')).to.be.greaterThan(Date.now() + 6 * 86_400_000);

    const successful = (await platform.run('batches', 'export', batch, '--successful')).stdout.split('\n');
    expect(successful[0]).to.equal('domain,status,email,public_name,locale,context,link,link_expires');
    expect(successful).to.include(
      `alice.example.org,given a link,alice@example.org,,fr,school,${link},${expires}`,
    );
  });

  it('exports no link that was used, or whose time is over, or of a later life of the domain', async () => {
    const domains = ['alice.example.org', 'bob.example.org', 'erin.example.org', 'frank.example.org'];
    const { batch } = JSON.parse((await run(...domains, '--force', '--json')).stdout);
    const {
      passphrase_reset_token: _used,
      passphrase_reset_time: _then,
      ...renewed
    } = await stored('alice.example.org');
    await platform.server.putDocument(INSTANCES, renewed);
    const late = await stored('bob.example.org');
    await platform.server.putDocument(INSTANCES, { ...late, passphrase_reset_time: '2026-01-01T00:00:00Z' });
    const other = await stored('erin.example.org');
    await platform.server.putDocument(INSTANCES, { ...other, cli_secret: 'another life' });
    const { stdout } = await platform.run('batches', 'export', batch, '--format', 'ndjson');
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ domain, status }) => [domain, status])).to.deep.equal([
      ['alice.example.org', 'used'],
      ['bob.example.org', 'expired'],
      ['erin.example.org', 'superseded'],
      ['frank.example.org', 'given a link'],
    ]);
    expect(rows.filter(({ link }) => link !== undefined)).to.have.length(1);
  });

  it('runs a plan, without an instance to which a link was sent since', async () => {
    const plan = join(directory.path, 'reset.plan');
    const file = await platform.write('some.csv', ['domain', 'alice.example.org', 'bob.example.org']);
    expect((await run('--from', file, '--dry-run', '--plan-file', plan)).exitCode).to.equal(10);
    const alice = await stored('alice.example.org');
    const asked = {
      passphrase_reset_token: 'dk2JGNsNTUb/A3ulUmuwhQ==',
      passphrase_reset_time: '2099-01-01T00:00:00Z',
    };
    await platform.server.putDocument(INSTANCES, { ...alice, ...asked });
    const { stdout, exitCode } = await platform.run('batches', 'submit', plan, '--force');
    expect(stdout).to.contain('ended: 1 given a link, 1 failed.').and.to.contain('> links.csv');
    expect(exitCode).to.equal(68);
    expect((await stored('alice.example.org')).passphrase_reset_time).to.equal('2099-01-01T00:00:00Z');
  });

  it('refuses a time that is none, too short or too long, and no instance at all', async () => {
    for (const argv of [
      ['alice.example.org', '--valid-for', 'soon'],
      ['alice.example.org', '--valid-for', '30s'],
      ['alice.example.org', '--valid-for', '32d'],
      [],
    ]) {
      expect((await run(...argv, '--force')).exitCode, argv.join(' ')).to.equal(2);
    }
  });
});
