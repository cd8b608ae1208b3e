import { expect } from 'chai';
import { databaseName, prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import { INSTANCES, readInstance } from '../../src/instances/lookup/lookup.ts';
import { createDateStore } from '../../src/jobs/dates/date-store.ts';
import { type CliPlatform, startPlatform } from '../support/cli-platform.ts';
import { endOf } from '../support/list-end.ts';
import { type PutInstance, putWithSettings, reservationOf } from '../support/planned-platform.ts';
import { putInstances } from '../support/put-instances.ts';
import { destroyDate } from '../support/test-dates.ts';

describe('apply with --prune', () => {
  let platform: CliPlatform;

  beforeEach(async () => {
    platform = await startPlatform();
  });

  afterEach(() => platform.close());

  const OLD = '2020-01-01T00:00:00Z';

  /** Instances in use, with the root directory that tells their age. */
  async function put(instances: readonly PutInstance[], createdAt = OLD): Promise<void> {
    await putWithSettings(
      platform,
      instances.map((each) => ({ onboarding_finished: true, context: 'school', ...each })),
    );
    for (const { domain } of instances) {
      const database = databaseName(prefixOf(domain), 'io.cozy.files');
      await platform.server.createDatabase(database);
      const root = { _id: 'io.cozy.files.root-dir', type: 'directory', created_at: createdAt };
      await platform.server.putDocument(database, root);
    }
  }

  async function list(...domains: string[]): Promise<string> {
    return await platform.write('list.csv', ['domain', ...domains, await endOf(platform, domains.length)]);
  }

  async function change(domain: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    const document = await platform.server.getDocument(INSTANCES, reservationId(domain));
    await platform.server.putDocument(INSTANCES, { ...document, _id: reservationId(domain), ...fields });
  }

  /** Verdicts by domain, of a look ahead. */
  async function look(file: string, ...flags: string[]) {
    const argv = ['--from', file, '--prune', ...flags, '--dry-run', '--json'];
    const { stdout, stderr, exitCode } = await platform.run('apply', ...argv);
    const answer = JSON.parse(stdout);
    const rows: { domain: string; verdict: string; code?: string }[] = answer.rows ?? [];
    const verdicts = Object.fromEntries(rows.map(({ domain, verdict, code }) => [domain, code ?? verdict]));
    return { verdicts, exitCode, code: answer.error?.code, stderr, answer };
  }

  it('means who is old, in the scope and on no list', async () => {
    await put([
      { domain: 'kept.org' },
      { domain: 'gone.org' },
      { domain: 'elsewhere.org', context: 'other' },
      { domain: 'moved.org', moved: true },
      { domain: 'filled.org', blocked: true, blocking_reason: 'IMPORTING' },
      { domain: 'going.org', deleting: true },
      { domain: 'twin.org' },
      { domain: 'renamed.org', uuid: 'u-1' },
    ]);
    await put([{ domain: 'young.org' }], new Date().toISOString());
    await putWithSettings(platform, [{ ...reservationOf('made.org'), context: 'school' }]);
    await platform.server.putDocument('global/instances', {
      ...{ _id: 'twin', domain: 'twin.org', context: 'school', locale: 'en', prefix: prefixOf('twin.org') },
      ...{ cli_secret: 'eA==', onboarding_finished: true, password_defined: false },
    });
    const file = await platform.write('list.csv', [
      'domain,uuid',
      'KEPT.org.,',
      'new-name.org,u-1',
      await endOf(platform, 2),
    ]);
    const { verdicts, exitCode } = await look(file, '--scope', 'context=school');
    expect(verdicts).to.deep.equal({
      'new-name.org': 'names_other',
      'gone.org': 'destroy',
      'moved.org': 'not_managed',
      'filled.org': 'not_managed',
      'going.org': 'deleting',
      'made.org': 'provisioning',
      'twin.org': verdicts['twin.org'],
      'young.org': 'too_young',
    });
    expect(verdicts['twin.org']).to.be.oneOf(['shared_prefix', 'shared_name']);
    expect(exitCode).to.equal(10);
  });

  it('has each job ask for the scope again', async () => {
    await put([{ domain: 'kept.org' }, { domain: 'gone.org' }]);
    const file = await list('kept.org');
    const { stdout } = await platform.run(
      'apply',
      '--from',
      file,
      '--prune',
      '--scope',
      'context=school',
      '--force',
      '--async',
    );
    const [, batch = ''] = /Batch (\w+) is queued/.exec(stdout) ?? [];
    const [row] = await rowsOf(batch);
    const job = await platform.fleet.queue.getJob(row?.jobId ?? '');
    expect(job?.data).to.deep.include({ kind: 'destroy', domain: 'gone.org', filter: { context: 'school' } });
    await change('gone.org', { context: 'other' });
    await platform.startWorker();
    await platform.run('batches', 'watch', batch);
    const [after] = await rowsOf(batch);
    expect(after).to.include({ state: 'failed', code: 'changed', kind: 'destroy' });
  });

  async function rowsOf(batch: string) {
    const rows = [];
    for await (const row of platform.fleet.batches.rows(batch)) rows.push(row);
    return rows;
  }

  it('is refused where the list lacks more of the scope than the guard allows', async () => {
    const names = Array.from({ length: 25 }, (_, at) => `n${at}.org`);
    await put(names.map((domain) => ({ domain })));
    const file = await list('n0.org');
    const flags = ['--from', file, '--prune', '--scope', 'context=school', '--force', '--async'];
    const refused = await platform.run('apply', ...flags);
    expect(refused.exitCode).to.equal(1);
    expect(refused.stderr).to.contain('24 of the 25 instances of the scope are not on the list');
    expect(await platform.fleet.batches.list(5)).to.deep.equal([]);
    expect((await look(file, '--scope', 'context=school')).answer.guard).to.include({ number: 24, of: 25 });
    expect((await platform.run('apply', ...flags, '--however-many', '24')).exitCode).to.equal(0);
  });

  it('asks the same of its plan file, however small a share of the fleet they are', async () => {
    const names = Array.from({ length: 25 }, (_, at) => `n${at}.org`);
    await put(names.map((domain) => ({ domain })));
    const others = Array.from({ length: 600 }, (_, at) => `other${at}.org`);
    await putInstances(
      platform.server,
      others.map((domain) => ({ _id: reservationId(domain), domain, prefix: prefixOf(domain) })),
    );
    const file = await list('n0.org');
    const plan = `${file}.plan`;
    const flags = ['--from', file, '--prune', '--scope', 'context=school'];
    const planned = await platform.run('apply', ...flags, '--dry-run', '--plan-file', plan);
    expect(planned.exitCode, planned.stderr).to.equal(10);
    const refused = await platform.run('batches', 'submit', plan, '--force', '--async');
    expect(refused.exitCode).to.equal(1);
    expect(refused.stderr).to.contain('24 of the 25 instances of the scope are not on the list');
    expect(await platform.fleet.batches.list(5)).to.deep.equal([]);
    const submit = ['batches', 'submit', plan, '--force', '--async', '--however-many'];
    expect((await platform.run(...submit, '24')).exitCode).to.equal(0);
  });

  it('keeps the own instance of an organization to which rows belong, or others have come since', async () => {
    const complete = { settings: { email: 'a@b.org', public_name: 'A' } };
    await put([
      ...['kept.org', 'acme.org', 'firm.org'].map((domain) => ({ domain, ...complete })),
      { domain: 'late.org', ...complete, context: 'other' },
    ]);
    const file = await platform.write('list.csv', [
      'domain,org-id',
      'kept.org,acme',
      await endOf(platform, 1),
    ]);
    const { verdicts } = await look(file, '--scope', 'context=school');
    expect(verdicts).to.include({ 'acme.org': 'has_members', 'firm.org': 'destroy' });

    const flags = ['--from', file, '--prune', '--scope', 'context=school'];
    const plan = `${file}.plan`;
    await platform.run('apply', ...flags, '--dry-run', '--plan-file', plan);
    const { stdout } = await platform.run('apply', ...flags, '--force', '--async');
    const [, batch = ''] = /Batch (\w+) is queued/.exec(stdout) ?? [];
    await change('late.org', { org_id: 'Firm' });
    await platform.startWorker();
    await platform.run('batches', 'watch', batch);
    const after = await rowsOf(batch);
    expect(after.find(({ domain }) => domain === 'firm.org')).to.include({
      state: 'failed',
      code: 'has_members',
    });
    const submitted = await platform.run('batches', 'submit', plan, '--force', '--json');
    expect(submitted.exitCode, submitted.stderr).to.be.oneOf([1, 68]);
    const document = await platform.server.getDocument(INSTANCES, reservationId('firm.org'));
    expect(document).to.be.an('object').and.not.have.property('deleting');
  });

  it('keeps what the list of today cannot name, and is refused by that list', async () => {
    await put([{ domain: 'kept.org' }]);
    await put([{ domain: 'Odd.org' }]);
    const { stdout, exitCode } = await platform.run('export', '--as-list', '--context', 'school');
    expect(exitCode).to.equal(68);
    expect(stdout.trimEnd().split('\n').at(-1)).to.match(
      /^# end of context=school without 1 since \d[\w-]* rows 1 20/,
    );
    const exported = await platform.write('exported.csv', stdout.trimEnd().split('\n'));
    expect((await look(exported, '--scope', 'context=school')).code).to.equal('partial_list');
    const { verdicts } = await look(await list('kept.org'), '--scope', 'context=school');
    expect(verdicts).to.deep.equal({ 'Odd.org': 'illegal_domain' });
  });

  it('goes by a list of today that left out what is moved, and not by one that left out what is being filled', async () => {
    await put([{ domain: 'kept.org' }, { domain: 'moved.org', moved: true }]);
    const exportNow = async (): Promise<readonly [string, string | undefined]> => {
      const { stdout } = await platform.run('export', '--as-list', '--format', 'ndjson');
      const lines = stdout.trimEnd().split('\n');
      const file = await platform.write('exported.ndjson', lines);
      const { code } = await look(file, '--scope', 'context=school');
      return [lines.at(-1) ?? '', code];
    };
    const [before, allowed] = await exportNow();
    expect(before).not.to.contain('without');
    expect(allowed).to.equal(undefined);
    await put([{ domain: 'filled.org', blocked: true, blocking_reason: 'IMPORTING' }]);
    const [after, refused] = await exportNow();
    expect(JSON.parse(after)).to.include({ rows: 1, without: 1 });
    expect(refused).to.equal('partial_list');
  });

  it('is refused by a list of today that left out what could not be read', async () => {
    await put([{ domain: 'kept.org' }]);
    const id = reservationId('odd.org');
    const odd = { _id: id, domain: 'odd.org', prefix: prefixOf('odd.org'), domain_aliases: 'none' };
    await platform.server.putDocument(INSTANCES, odd);
    const { stdout, exitCode } = await platform.run('export', '--as-list', '--context', 'school');
    expect(exitCode).to.equal(68);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1)).to.contain(' without 1 ');
    const { code } = await look(await platform.write('exported.csv', lines), '--scope', 'context=school');
    expect(code).to.equal('partial_list');
  });

  /** The list of today, with the lines of those domains taken away. */
  async function exported(without: readonly string[], ...flags: string[]): Promise<string> {
    const { stdout } = await platform.run('export', '--as-list', ...flags);
    const lines = stdout.trimEnd().split('\n');
    const kept = lines.filter((line) => !without.some((domain) => line.includes(domain)));
    const rows = lines.length - 2;
    const end = kept.pop()?.replace(` ${rows} `, ` ${rows - without.length} `) ?? '';
    return await platform.write('exported.csv', [...kept, end]);
  }

  it('leaves who came into the filter of a list after it was written', async () => {
    await put([{ domain: 'kept.org' }, { domain: 'gone.org' }, { domain: 'bob.org', context: 'trial' }]);
    const file = await exported(['gone.org'], '--context', 'school');
    await change('bob.org', { context: 'school' });
    const { verdicts } = await look(file, '--scope', 'context=school');
    expect(verdicts).to.deep.equal({ 'gone.org': 'destroy', 'bob.org': 'changed_since_list' });
  });

  it('has each job, and its plan file, leave who has changed since the list was compared', async () => {
    await put([{ domain: 'kept.org' }, { domain: 'gone.org' }]);
    const flags = ['--from', await list('kept.org'), '--prune', '--scope', 'context=school'];
    const plan = `${flags[1]}.plan`;
    await platform.run('apply', ...flags, '--dry-run', '--plan-file', plan);
    const { stdout } = await platform.run('apply', ...flags, '--force', '--async');
    const [, batch = ''] = /Batch (\w+) is queued/.exec(stdout) ?? [];
    await change('gone.org', { locale: 'fr' });
    const { stdout: submitted } = await platform.run('batches', 'submit', plan, '--force');
    const [, planned = ''] = /Batch (\w+)/.exec(submitted) ?? [];
    await platform.startWorker();
    await platform.run('batches', 'watch', batch);
    for (const id of [batch, planned]) {
      const [row] = await rowsOf(id);
      expect(row).to.include({ domain: 'gone.org', state: 'failed', code: 'changed_since' });
    }
  });

  it('leaves whose deletion was taken back after the list was written', async () => {
    await put([{ domain: 'kept.org' }, { domain: 'dave.org', deleting: true }]);
    const file = await exported([]);
    await change('dave.org', { deleting: false });
    const { verdicts } = await look(file, '--scope', 'context=school');
    expect(verdicts).to.deep.equal({ 'dave.org': 'changed_since_list' });
  });

  it('leaves whoever has a date for its destruction, be it set before the list was applied or after', async () => {
    await put([{ domain: 'kept.org' }, { domain: 'dated.org' }, { domain: 'late.org' }]);
    const dates = createDateStore(platform.server);
    const dateOf = async (domain: string) => {
      const instance = await readInstance(platform.server, reservationId(domain));
      if (instance === undefined) throw new Error(`${domain} is not there`);
      return destroyDate(instance);
    };
    await dates.write([await dateOf('dated.org')]);
    const file = await exported(['dated.org', 'late.org']);
    const { verdicts } = await look(file, '--scope', 'context=school');
    expect(verdicts).to.deep.equal({ 'dated.org': 'has_date', 'late.org': 'destroy' });

    const flags = ['--from', file, '--prune', '--scope', 'context=school', '--force', '--async'];
    const { stdout } = await platform.run('apply', ...flags);
    const [, batch = ''] = /Batch (\w+) is queued/.exec(stdout) ?? [];
    await dates.write([await dateOf('late.org')]);
    await platform.startWorker();
    await platform.run('batches', 'watch', batch);
    const [row] = await rowsOf(batch);
    expect(row).to.include({ domain: 'late.org', state: 'failed', code: 'has_date' });
    const late = await platform.server.getDocument(INSTANCES, reservationId('late.org'));
    expect(late).to.be.an('object').and.not.have.property('deleting');
  });

  it('leaves everybody where the list was written on another CouchDB, or one that was put back since', async () => {
    await put([{ domain: 'kept.org' }, { domain: 'gone.org' }]);
    const { sequence } = await platform.server.databaseFacts(INSTANCES);
    const lookSince = async (since: string) => {
      const end = `# end since ${since} rows 1 ${new Date().toISOString()}`;
      const file = await platform.write('list.csv', ['domain', 'kept.org', end]);
      return await look(file, '--scope', 'context=school');
    };
    expect((await lookSince(sequence)).verdicts).to.deep.equal({ 'gone.org': 'destroy' });
    expect((await lookSince('1-another')).verdicts).to.deep.equal({ 'gone.org': 'changed_since_list' });
    const { code, exitCode } = await lookSince(sequence.replace(/^\d+/, '900'));
    expect([code, exitCode]).to.deep.equal(['list_sequence', 2]);
  });

  it('has nothing to do by the list of today, be it of all or of some', async () => {
    await put([{ domain: 'kept.org' }, { domain: 'other.org', context: 'other' }]);
    for (const flags of [[], ['--context', 'school']]) {
      const { answer, exitCode } = await look(await exported([], ...flags), '--scope', 'context=school');
      expect(exitCode).to.equal(0);
      expect(answer.counts).to.include({ toDo: 0, held: 0 });
    }
  });

  it('has nothing to do by the list of today where two instances have one uuid', async () => {
    await put([
      { domain: 'one.org', uuid: 'u-1' },
      { domain: 'two.org', uuid: 'u-1' },
    ]);
    const { stdout, stderr } = await platform.run('export', '--as-list');
    expect(stderr).to.contain('one.org: not all').and.to.contain('uuid');
    const file = await platform.write('exported.csv', stdout.trimEnd().split('\n'));
    const { answer, exitCode } = await look(file, '--scope', 'context=school');
    expect(exitCode).to.equal(0);
    expect(answer.counts).to.include({ same: 2, toDo: 0 });
  });

  it('asks for the number of those that go', async () => {
    await put([{ domain: 'kept.org' }, { domain: 'gone.org' }]);
    const file = await list('kept.org');
    const argv = ['apply', '--from', file, '--prune', '--scope', 'context=school', '--async'];
    const wrong = await platform.spawn(argv, '2\n').ended;
    expect(wrong.exitCode).to.equal(1);
    expect(wrong.stdout).to.contain('remove 1 instance that is not on the list');
    expect(await platform.fleet.batches.list(5)).to.deep.equal([]);
    expect((await platform.spawn(argv, '1\n').ended).exitCode).to.equal(0);
    expect(await platform.fleet.batches.list(5)).to.have.length(1);
  });

  for (const [what, lines, flags, code] of [
    ['without a scope', ['domain', 'a.org', '# end 1 2026-01-01T00:00:00Z'], [], 'bad_scope'],
    ['by a list that does not end', ['domain', 'a.org'], ['--scope', 'context=x'], 'unproven_list'],
    [
      'by a list of no moment',
      ['domain', 'a.org', '# end 1'],
      ['--scope', 'context=x', '--expect-rows', '1'],
      'list_time',
    ],
    [
      'by a list whose end may have been cut',
      ['domain', 'a.org', '# end 1'],
      ['--scope', 'context=x', '--list-time', '2026-01-01T00:00:00Z'],
      'unproven_list',
    ],
    [
      'by a list that was cut',
      ['domain', 'a.org', '# end 2 2026-01-01T00:00:00Z'],
      ['--scope', 'context=x'],
      'cut_list',
    ],
    [
      'by a list that does not say since when instances have changed',
      ['domain', 'a.org', '# end 1 2026-01-01T00:00:00Z'],
      ['--scope', 'context=x'],
      'list_sequence',
    ],
    [
      'by a list with bad rows',
      ['domain,locale', 'a.org,fr', 'b.org,1', '# end 2 2026-01-01T00:00:00Z'],
      ['--scope', 'context=x', '--skip-invalid'],
      'partial_list',
    ],
  ] as const) {
    it(`is refused ${what}, with nothing changed`, async () => {
      const file = await platform.write('list.csv', lines);
      const { code: found, exitCode } = await look(file, ...flags);
      expect(found).to.equal(code);
      expect(exitCode).to.equal(2);
    });
  }

  it('is refused where the platform destroys nothing', async () => {
    await put([{ domain: 'kept.org' }]);
    const file = await list('kept.org');
    process.env['COZY_DISABLE_INSTANCES_ADD_RM'] = 'not here';
    try {
      const argv = ['apply', '--from', file, '--prune', '--scope', 'context=school', '--dry-run'];
      const { exitCode, stderr } = await platform.run(...argv);
      expect(exitCode, stderr).to.equal(1);
      expect(stderr).to.contain('disabled');
    } finally {
      delete process.env['COZY_DISABLE_INSTANCES_ADD_RM'];
    }
  });
});
