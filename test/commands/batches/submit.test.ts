import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SETTINGS } from '../../../src/instances/databases/databases.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../../../src/instances/documents/settings-document.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { type PutInstance, putWithSettings, reservationOf } from '../../support/planned-platform.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';

describe('batches submit', () => {
  let directory: TemporaryDirectory;
  let platform: CliPlatform;
  let plans = 0;

  before(async () => {
    directory = await temporaryDirectory('plans');
    platform = await startPlatform();
    await platform.startWorker();
  });

  after(async () => {
    await platform.close();
    await directory.remove();
  });

  /** Makes a plan. @returns its path */
  async function planned(...argv: string[]): Promise<string> {
    plans += 1;
    const path = join(directory.path, `${plans}.plan`);
    const { exitCode, stderr } = await platform.run(...argv, '--dry-run', '--plan-file', path);
    expect(exitCode, stderr).to.equal(10);
    return path;
  }

  const submit = (path: string, ...flags: string[]): Promise<Ran> =>
    platform.run('batches', 'submit', path, ...flags);

  async function instance(domain: string): Promise<StoredInstance> {
    const [found] = await findByNames(platform.server, [domain]);
    if (found === undefined) throw new Error(`${domain} is not there`);
    return found;
  }

  async function failedRows(ran: Ran): Promise<string> {
    const { batch } = JSON.parse(ran.stdout);
    return (await platform.run('batches', 'show', batch, '--failed')).stdout;
  }

  it('changes just what was planned, once', async () => {
    await putWithSettings(platform, [
      { domain: 'one.run.org', locale: 'fr' },
      { domain: 'two.run.org', locale: 'de' },
      { domain: 'other.run.org', locale: 'fr' },
    ]);
    const file = await platform.write('run.csv', ['domain', 'one.run.org', 'two.run.org', 'nobody.run.org']);
    const plan = await planned('instances', 'modify', '--from', file, '--locale', 'de', '--tz', 'Asia/Tokyo');
    expect((await stat(plan)).mode % 0o1000).to.equal(0o600);
    const first = await submit(plan, '--json');
    expect(first.exitCode, first.stderr).to.equal(0);
    const { batch, counts, total } = JSON.parse(first.stdout);
    expect([total, counts.done, counts.failed]).to.deep.equal([2, 2, 0]);
    expect(await instance('one.run.org')).to.include({ locale: 'de' });
    expect(await instance('other.run.org')).to.include({ locale: 'fr' });
    const second = await submit(plan, '--json');
    expect(second.stderr).to.contain(`as batch ${batch}; it is not run again`);
    expect(JSON.parse(second.stdout)).to.include({ batch, total: 2 });
  });

  it('says with --json, too, that there is nothing to do', async () => {
    await putWithSettings(platform, [{ domain: 'same.run.org', locale: 'de' }]);
    const path = join(directory.path, 'same.plan');
    const argv = ['instances', 'modify', 'same.run.org', '--locale', 'de', '--dry-run', '--plan-file', path];
    const { exitCode, stdout, stderr } = await platform.run(...argv);
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.contain('modify: 1 row, 0 with something to do');
    expect(stderr).to.contain('It has nothing to do.').and.not.contain('batches submit');
    const submitted = await submit(path, '--json');
    expect(JSON.parse(submitted.stdout)).to.deep.equal({ queued: 0 });
    const none = ['instances', 'modify', '--domain', 'nobody*', '--locale', 'de', '--force', '--json'];
    expect(JSON.parse((await platform.run(...none)).stdout)).to.deep.equal({ queued: 0 });
  });

  it('creates what was new, with a passphrase that the plan keeps sealed', async () => {
    const file = await platform.write('new.csv', ['domain,passphrase', 'sealed.run.org,open sesame']);
    const plan = await planned('instances', 'add', '--from', file);
    expect(await readFile(plan, 'utf8'))
      .to.contain('(set)')
      .and.not.contain('sesame');
    const { exitCode, stderr } = await submit(plan);
    expect(exitCode, stderr).to.equal(0);
    expect(await instance('sealed.run.org')).to.include({ onboarding_finished: true });
  });

  it('refuses a row whose instance has changed in what was compared, and no other', async () => {
    await putWithSettings(platform, [
      { domain: 'a.since.org', locale: 'fr', context: 'x' },
      { domain: 'b.since.org', locale: 'fr' },
      { domain: 'c.since.org', locale: 'fr' },
      { domain: 'd.since.org', locale: 'fr' },
    ]);
    const lines = ['domain', 'a.since.org', 'b.since.org', 'c.since.org', 'd.since.org'];
    const file = await platform.write('since.csv', lines);
    const plan = await planned('instances', 'modify', '--from', file, '--locale', 'de', '--tz', 'Asia/Tokyo');
    await platform.server.putDocument(INSTANCES, { ...(await instance('a.since.org')), context: 'y' });
    await platform.server.putDocument(INSTANCES, { ...(await instance('b.since.org')), locale: 'es' });
    await platform.server.putDocument(INSTANCES, {
      ...(await instance('c.since.org')),
      cli_secret: 'b3RoZXI=',
    });
    const settings = databaseName(prefixOf('d.since.org'), SETTINGS);
    const before = await platform.server.getDocument(settings, SETTINGS_ID);
    await platform.server.putDocument(settings, { ...before, _id: SETTINGS_ID, tz: 'Europe/Paris' });
    const ran = await submit(plan, '--json');
    expect(ran.exitCode).to.equal(68);
    const failed = await failedRows(ran);
    expect(failed).to.match(/b\.since\.org.*changed_since: .*: locale/);
    expect(failed).to.match(/c\.since\.org.*changed_since: .*another one by now/);
    expect(failed).to.match(/d\.since\.org.*changed_since: .*: settings\.tz/);
    expect(failed).not.to.contain('a.since.org');
    expect(await instance('a.since.org')).to.include({ locale: 'de', context: 'y' });
    expect(await instance('b.since.org')).to.include({ locale: 'es' });
  });

  it('sets flags beside others that were set meanwhile, and refuses a row whose own flag was', async () => {
    await putWithSettings(platform, [
      { domain: 'a.flags.org', feature_flags: { old: 1, kept: true } },
      { domain: 'b.flags.org', feature_flags: { old: 1 } },
    ]);
    const file = await platform.write('plan-flags.csv', ['domain', 'a.flags.org', 'b.flags.org']);
    const flags = '{"old":null,"new":{"list":["a"]}}';
    const plan = await planned('instances', 'modify', '--from', file, '--feature-flags', flags);
    const change = async (domain: string, feature_flags: Record<string, unknown>) =>
      await platform.server.putDocument(INSTANCES, { ...(await instance(domain)), feature_flags });
    await change('a.flags.org', { old: 1, kept: false, theirs: 2 });
    await change('b.flags.org', { old: 2 });
    const ran = await submit(plan, '--json');
    expect(ran.exitCode).to.equal(68);
    expect(await failedRows(ran)).to.match(/b\.flags\.org.*changed_since: .*: feature_flags\.old/);
    expect((await instance('a.flags.org')).feature_flags).to.deep.equal({
      kept: false,
      theirs: 2,
      new: { list: ['a'] },
    });
    expect((await instance('b.flags.org')).feature_flags).to.deep.equal({ old: 2 });
  });

  it('refuses in the worker what has changed after it was queued', async () => {
    await putWithSettings(platform, [{ domain: 'late.since.org', locale: 'fr' }]);
    const file = await platform.write('late.csv', ['domain', 'late.since.org']);
    const plan = await planned('instances', 'modify', '--from', file, '--locale', 'de');
    await platform.stopWorker();
    const ran = await submit(plan, '--async', '--json');
    await platform.server.putDocument(INSTANCES, { ...(await instance('late.since.org')), locale: 'es' });
    await platform.startWorker();
    const { batch } = JSON.parse(ran.stdout);
    expect((await platform.run('batches', 'watch', batch)).exitCode).to.equal(1);
    expect(await failedRows(ran)).to.match(/late\.since\.org\tmodify\t1\tchanged_since: .*: locale/);
    expect(await instance('late.since.org')).to.include({ locale: 'es' });
  });

  it('refuses a new instance whose name is taken by now', async () => {
    const file = await platform.write('free.csv', ['domain', 'free.since.org']);
    const plan = await planned('instances', 'add', '--from', file);
    await putWithSettings(platform, [{ domain: 'x.since.org', domain_aliases: ['free.since.org'] }]);
    const ran = await submit(plan, '--json');
    expect(ran.exitCode).to.equal(1);
    expect(await failedRows(ran)).to.match(
      /changed_since: .*free\.since\.org is a name of the instance x\.since\.org/,
    );
  });

  describe('of a file that is no whole plan of the fleet', () => {
    let text: string;

    before(async () => {
      await putWithSettings(platform, [{ domain: 'f1.fault.org' }, { domain: 'f2.fault.org' }]);
      const file = await platform.write('fault.csv', ['domain', 'f1.fault.org', 'f2.fault.org']);
      text = await readFile(await planned('instances', 'modify', '--from', file, '--locale', 'fr'), 'utf8');
    });

    const faults: readonly (readonly [string, (text: string) => string, RegExp])[] = [
      ['cut short', (whole) => whole.slice(0, whole.indexOf('\n', 900) + 1), /was cut short/],
      ['cut within a line', (whole) => whole.slice(0, -20), /was cut short/],
      ['with another byte', (whole) => whole.replace('"new":"fr"', '"new":"de"'), /:4: .*was changed/],
      ['of another fleet', (whole) => whole.replace(/"fleet":"[^"]*"/, '"fleet":"x"'), /:1: .*another fleet/],
      ['of another version', (whole) => whole.replace('"version":1', '"version":7'), /:1: .*version 7/],
      ['of something else', () => 'domain,locale\na.org,fr\n', /:1: .*is no plan/],
    ];
    for (const [name, change, expected] of faults) {
      it(`says so and changes nothing: ${name}`, async () => {
        const path = join(directory.path, `${name.replaceAll(' ', '-')}.plan`);
        await writeFile(path, change(text));
        const before = await platform.everything();
        const { stderr, exitCode } = await submit(path);
        expect(stderr).to.match(expected);
        expect(exitCode).to.equal(2);
        expect(await platform.everything()).to.deep.equal(before);
      });
    }
  });

  it('agrees with a comparison of its own, row by row', async () => {
    const existing: PutInstance[] = Array.from({ length: 36 }, (_, n) => ({
      domain: `p${n}.plan.org`,
      locale: n % 2 === 0 ? 'fr' : 'en',
      ...(n % 3 === 0 && { disk_quota: '1000000000' }),
      ...(n % 9 === 4 && { deleting: true }),
      ...(n % 9 === 5 && { domain_aliases: [`alias${n}.plan.org`] }),
      settings: { email: `p${n}@plan.org` },
    }));
    const held = Array.from({ length: 4 }, (_, n) =>
      reservationOf(`held${n}.plan.org`, { locale: 'fr', email: `held${n}@plan.org`, 'disk-quota': '1GB' }),
    );
    await putWithSettings(platform, [...existing, ...held]);
    const domains = [
      ...existing.map(({ domain }) => domain),
      ...held.map(({ domain }) => domain),
      ...Array.from({ length: 16 }, (_, n) => `q${n}.plan.org`),
      ...[5, 14, 23, 32].map((n) => `alias${n}.plan.org`),
    ];
    const file = await platform.write('sixty.csv', [
      'domain,email,locale,disk-quota',
      ...domains.map((domain) => `${domain},${domain.split('.')[0]}@plan.org,fr,1GB`),
    ]);
    const expected = domains.map((domain) => {
      const there = existing.find((each) => each.domain === domain);
      if (there?.deleting === true) return 'deleting';
      if (there !== undefined)
        return there.locale === 'fr' && there.disk_quota !== undefined ? 'same' : 'exists';
      if (domain.startsWith('held')) return 'reserved';
      return domain.startsWith('alias') ? 'taken' : 'new';
    });
    const { stdout, exitCode } = await platform.run(
      'instances',
      'add',
      '--from',
      file,
      '--dry-run',
      '--json',
    );
    const { rows } = JSON.parse(stdout);
    expect(rows.map(({ verdict }: { verdict: string }) => verdict)).to.deep.equal(expected);
    expect(exitCode).to.equal(10);
  });
});
