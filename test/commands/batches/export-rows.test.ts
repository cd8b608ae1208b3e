import { expect } from 'chai';
import { reservationId } from '../../../src/instances/databases/prefix.ts';
import { readInstance } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { submit } from '../../support/submit.ts';

/** Lines of an output, without the last line break. */
const linesOf = (text: string) => text.trimEnd().split('\n');

describe('batches export --as-rows', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
    await platform.run('instances', 'add', 'taken.example.org', '--email', 'owner@example.org');
  });

  after(() => platform.close());

  const exported = async (batch: string, ...argv: string[]) =>
    await platform.run('batches', 'export', batch, ...argv);

  const failing = ['Domain,Public_Name,email', 'taken.example.org,"Doe, Jo",jo@example.org'];

  it('gives the columns of the file, under its names and in its order, and what went wrong', async () => {
    const { batch } = await submit(platform, 'named.csv', [...failing, 'n1.example.org,Ann,ann@example.org']);
    const { stdout, stderr } = await exported(batch, '--failed', '--as-rows');
    const [head, row, ...more] = linesOf(stdout);
    expect(head, stderr).to.equal('Domain,Public_Name,email,error_code,error,advice');
    expect(row, stderr).to.match(/^taken\.example\.org,"Doe, Jo",jo@example\.org,taken,.+,.+$/);
    expect(more).to.deep.equal([]);
  });

  it('gives rows that can be corrected and submitted again', async () => {
    const { batch } = await submit(platform, 'again.csv', failing);
    const { stdout } = await exported(batch, '--failed', '--as-rows');
    const corrected = stdout.replaceAll('taken.example.org', 'free.example.org');
    const again = await submit(platform, 'corrected.csv', linesOf(corrected));
    expect(again.counts.done).to.equal(1);
    const { stdout: shown } = await exported(again.batch, '--state', 'done', '--as-rows');
    expect(linesOf(shown)).to.deep.equal([
      'Domain,Public_Name,email,error_code,error,advice',
      'free.example.org,"Doe, Jo",jo@example.org,,,',
    ]);
  });

  it('gives them in JSON lines, too, which can be submitted again', async () => {
    const { batch } = await submit(platform, 'a.ndjson', [
      '{"domain":"taken.example.org","public_name":"Jo","settings":{"theme":"dark"}}',
    ]);
    const { stdout } = await exported(batch, '--failed', '--as-rows', '--format', 'ndjson');
    const row = JSON.parse(stdout);
    expect(Object.keys(row)).to.deep.equal([
      'domain',
      'public_name',
      'settings',
      'error_code',
      'error',
      'advice',
    ]);
    const again = await submit(platform, 'b.ndjson', [
      JSON.stringify({ ...row, domain: 'json.example.org' }),
    ]);
    expect(again.counts.done).to.equal(1);
  });

  it('gives a passphrase in a form that makes the same instance on this fleet', async () => {
    const lines = ['domain,passphrase', 'pass.example.org,correct horse'];
    const { batch } = await submit(platform, 'pass.csv', lines);
    const before = await readInstance(platform.server, reservationId('pass.example.org'));
    const { stdout } = await exported(batch, '--state', 'done', '--as-rows');
    expect(stdout).to.match(/^pass\.example\.org,sealed:[\w+/]+=*,,,$/m);
    await platform.run('instances', 'destroy', 'pass.example.org', '--force');
    const again = await submit(platform, 'pass-again.csv', linesOf(stdout));
    expect(again.counts.done).to.equal(1);
    const after = await readInstance(platform.server, reservationId('pass.example.org'));
    expect(after?.passphrase_hash).to.be.a('string').and.equal(before?.passphrase_hash);
    expect(after?.cli_secret).not.to.equal(before?.cli_secret);
  });

  it('refuses such a passphrase for another domain, with its line, before anything is queued', async () => {
    const { batch } = await submit(platform, 'p.csv', ['domain,passphrase', 'p1.example.org,correct horse']);
    const { stdout } = await exported(batch, '--state', 'done', '--as-rows');
    const [head = '', row = ''] = linesOf(stdout);
    const file = await platform.write('stolen.csv', [
      head,
      'p2.example.org,,,,',
      row.replace('p1.example.org', 'p3.example.org'),
    ]);
    const before = await platform.everything();
    const { exitCode, stderr } = await platform.run('instances', 'add', '--from', file);
    expect(exitCode).to.equal(2);
    expect(stderr).to.include('stolen.csv:3').and.include('for another domain');
    expect(await platform.everything()).to.deep.equal(before);
    const plan = `${file}.plan`;
    const planned = await platform.run('instances', 'add', '--from', file, '--dry-run', '--plan-file', plan);
    expect(planned.exitCode).to.equal(2);
    expect(planned.stderr).to.include('stolen.csv:3').and.include('for another domain');
  });

  it('keeps nothing of a row in Redis that can be read, and no passphrase even sealed', async () => {
    const lines = ['domain,email,passphrase', 'taken.example.org,secret@example.org,correct horse'];
    const { batch } = await submit(platform, 'sealed.csv', lines);
    const { redis, keys } = platform.fleet;
    const kept = await redis.hgetall(keys.originals(batch));
    expect(Object.keys(kept)).to.deep.equal(['2']);
    expect(JSON.stringify(kept)).not.to.match(/secret@|correct horse|taken/);
    expect(await redis.ttl(keys.originals(batch))).to.be.closeTo(await redis.ttl(keys.batch(batch)), 5);
  });

  it('gives the domain alone where the row is not kept any more, or is another one’s, and says so', async () => {
    const { batch } = await submit(platform, 'old.csv', failing);
    const other = await submit(platform, 'other.csv', failing);
    const { redis, keys } = platform.fleet;
    await redis.hset(keys.originals(batch), await redis.hgetall(keys.originals(other.batch)));
    const { stdout, stderr, exitCode } = await exported(batch, '--failed', '--as-rows');
    expect(linesOf(stdout)[0]).to.equal('domain,error_code,error,advice');
    expect(stdout).to.include('\ntaken.example.org,taken,');
    expect(stderr).to.include('Of 1 row only the domain is known');
    expect(exitCode).to.equal(0);
  });

  it('gives the columns of a file that was planned first, with the passphrase of a row', async () => {
    const lines = ['Domain,passphrase,EMAIL', 'planned.example.org,correct horse,p@example.org'];
    const file = await platform.write('planned.csv', lines);
    const plan = `${file}.plan`;
    await platform.run('instances', 'add', '--from', file, '--dry-run', '--plan-file', plan);
    await platform.run('instances', 'add', 'planned.example.org', '--email', 'other@example.org');
    const { stdout: json } = await platform.run('batches', 'submit', plan, '--json');
    const { batch } = JSON.parse(json);
    const { stdout } = await exported(batch, '--failed', '--as-rows');
    expect(linesOf(stdout)[0]).to.equal('Domain,passphrase,EMAIL,error_code,error,advice');
    expect(linesOf(stdout)[1]).to.match(
      /^planned\.example\.org,sealed:[\w+/]+=*,p@example\.org,changed_since,.+,"It was left as it is/,
    );
    await platform.run('instances', 'destroy', 'planned.example.org', '--force');
    const again = await submit(platform, 'planned-again.csv', linesOf(stdout));
    expect(again.counts.done).to.equal(1);
    const made = await readInstance(platform.server, reservationId('planned.example.org'));
    expect(made).to.include({ onboarding_finished: true });
  });

  describe('with the passphrase of a row whose domain is another one by now', () => {
    let file: string;

    before(async () => {
      const { batch } = await submit(platform, 'sealed.csv', [
        'domain,passphrase,email',
        'taken.example.org,correct horse,s@example.org',
      ]);
      const { stdout } = await exported(batch, '--failed', '--as-rows');
      expect(stdout).to.contain(',sealed:');
      const corrected = stdout.replaceAll('taken.example.org', 'moved.example.org');
      file = await platform.write('moved.csv', linesOf(corrected));
    });

    for (const argv of [
      ['instances', 'add', '--from'],
      ['apply', '--from'],
    ]) {
      it(`is refused by the dry run of ${argv.join(' ')} as it is by the run`, async () => {
        const dry = await platform.run(...argv, file, '--dry-run', '--json');
        expect(JSON.parse(dry.stdout).error, dry.stdout).to.include({ code: 'foreign_passphrase' });
        expect(dry.exitCode).to.equal(2);
        const ran = await platform.run(...argv, file, '--json');
        expect(JSON.parse(ran.stdout).error).to.deep.equal(JSON.parse(dry.stdout).error);
      });
    }
  });

  it('gives the columns of a file of changes that was planned first', async () => {
    await platform.run('instances', 'add', 'change.example.org', '--locale', 'fr');
    const file = await platform.write('change.csv', ['domain,Locale,tz', 'change.example.org,de,Asia/Tokyo']);
    const plan = `${file}.plan`;
    await platform.run('instances', 'modify', '--from', file, '--dry-run', '--plan-file', plan);
    const { stdout: json } = await platform.run('batches', 'submit', plan, '--json');
    const { batch } = JSON.parse(json);
    const { stdout } = await exported(batch, '--state', 'done', '--as-rows');
    expect(linesOf(stdout)).to.deep.equal([
      'domain,Locale,tz,error_code,error,advice',
      'change.example.org,de,Asia/Tokyo,,,',
    ]);
  });

  it('gives back rows of other kinds of batches, without passphrases that they did not need', async () => {
    const file = await platform.write('gone.csv', ['domain,passphrase,locale', 'gone.example.org,x,fr']);
    const { stdout: json } = await platform.run(
      ...['instances', 'destroy', '--from', file, '--force', '--json'],
    );
    const { batch } = JSON.parse(json);
    const { stdout } = await exported(batch, '--state', 'skipped', '--as-rows');
    expect(linesOf(stdout)).to.deep.equal([
      'domain,passphrase,locale,error_code,error,advice',
      'gone.example.org,,fr,,,',
    ]);
  });
});

describe('batches export --successful', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
  });

  after(() => platform.close());

  it('gives address, name, locale and context beside the link, as they are now', async () => {
    const { batch } = await submit(platform, 's.csv', [
      'domain,email,public_name,locale,context-name',
      's1.example.org,ann@example.org,Ann,fr,',
      's1.s1.example.org,bob@example.org,Bob,en,',
    ]);
    const two = await submit(platform, 't.csv', [
      'domain,email,public_name,locale',
      's3.example.org,cleo@example.org,Cleo,en',
      's1.example.org,other@example.org,Other,en',
    ]);
    await platform.run('instances', 'modify', 's1.example.org', '--public-name', 'Anna');
    const { stdout } = await platform.run('batches', 'export', batch, '--successful');
    const [head, first = ''] = linesOf(stdout);
    expect(head).to.equal('domain,status,email,public_name,locale,context,register_token,link');
    expect(first).to.match(
      /^s1\.example\.org,created,ann@example\.org,Anna,fr,,[0-9a-f]{32},https:\/\/s1\.example\.org\/\?registerToken=/,
    );
    const { stdout: json } = await platform.run(
      ...['batches', 'export', two.batch, '--successful', '--format', 'ndjson'],
    );
    expect(linesOf(json).map((line) => JSON.parse(line).domain)).to.deep.equal(['s3.example.org']);
  });
});
