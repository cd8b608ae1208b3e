import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { domainOf } from '../../../src/jobs/kinds/payload.ts';
import { readProgress } from '../../../src/jobs/queue/progress.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';

describe('instances add --from', () => {
  let platform: CliPlatform;
  const addFrom = (...argv: string[]): Promise<Ran> => platform.run('instances', 'add', '--from', ...argv);

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
  });

  after(() => platform.close());

  it('creates every row, with the flags for what the columns leave open', async () => {
    const file = await platform.write('good.csv', [
      'domain,email,locale,passphrase',
      'g1.example.org,g1@example.org,,',
      'g2.example.org,g2@example.org,de,open sesame',
    ]);
    const { stdout, stderr, exitCode } = await addFrom(file, '--locale', 'fr');
    expect(stdout).to.match(/^Batch (\w{5}) {2}"good\.csv" {3}2 instances\n.*Batch \1 ended: 2 created\.\n/s);
    expect(stderr).to.equal('');
    expect(exitCode).to.equal(0);
    const found = await findByNames(platform.server, ['g1.example.org', 'g2.example.org']);
    expect(Object.fromEntries(found.map(({ domain, locale }) => [domain, locale]))).to.deep.equal({
      'g1.example.org': 'fr',
      'g2.example.org': 'de',
    });
    expect(found.find(({ domain }) => domain === 'g2.example.org')).to.include({ password_defined: true });
  });

  it('reads NDJSON from stdin', async () => {
    const row = JSON.stringify({ domain: 'stdin.example.org', 'public-name': 'Zoé' });
    const { exitCode } = await platform.spawn(['instances', 'add', '--from', '-'], `${row}\n`).ended;
    expect(exitCode).to.equal(0);
    expect(await findByNames(platform.server, ['stdin.example.org'])).to.have.length(1);
  });

  it('skips all rows of a file that is submitted again', async () => {
    const file = await platform.write('again.csv', ['domain,email', 'again.example.org,again@example.org']);
    await addFrom(file);
    const { stdout, exitCode } = await addFrom(file);
    expect(stdout).to.contain('ended: 0 created, 1 skipped (already there).');
    expect(exitCode).to.equal(0);
  });

  it('tells every bad row with its line and column, and queues nothing', async () => {
    const before = await platform.everything();
    const file = await platform.write('bad.csv', [
      'domain,disk-quota,apps',
      'fine.example.org,,',
      'bad domain,5GO,',
      'apps.example.org,,Drive',
      'fine.example.org,,',
    ]);
    const { stdout, stderr, exitCode } = await addFrom(file);
    expect(stdout).to.equal('');
    expect(stderr.split('\n').slice(0, 4)).to.deep.equal([
      `${file}:3: domain: "bad domain" cannot be used as a domain: it contains the illegal character " "`,
      `${file}:3: disk-quota: unhandled size name: go`,
      `${file}:4: apps: "Drive" is no slug: only a-z, 0-9 and - are in one`,
      `${file}:5: domain: duplicate of line 2: fine.example.org`,
    ]);
    expect(stderr).to.contain('3 of 4 rows are not good; nothing was queued');
    expect(exitCode).to.equal(2);
    expect(await platform.everything()).to.deep.equal(before);
  });

  it('goes on without the bad rows with --skip-invalid', async () => {
    const file = await platform.write('some.csv', ['domain', 'some.example.org', 'bad domain']);
    const { stdout, stderr, exitCode } = await addFrom(file, '--skip-invalid');
    expect(stderr).to.contain(`${file}:3: domain: `);
    expect(stdout)
      .to.contain('1 created')
      .and.contain(`1 row of ${file} was left out, for it is not good.\n`);
    expect(exitCode).to.equal(0);
    expect(await findByNames(platform.server, ['some.example.org'])).to.have.length(1);
  });

  it('goes on without a JSON line that is nested thousands deep', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const file = await platform.write('deep.ndjson', [
      `{"domain": "deep.example.org", "settings": ${deep}}`,
      '{"domain": "shallow.example.org", "public-name": "MÍŠA KŘÍŽ", "phone": "601\u00a0123\u00a0456"}',
    ]);
    const refused = await addFrom(file);
    expect(refused.stderr).to.contain(`${file}:1: lists and objects in it are nested too deep`);
    expect(refused.exitCode).to.equal(2);
    expect(await addFrom(file, '--skip-invalid')).to.include({ exitCode: 0 });
    const found = await findByNames(platform.server, ['deep.example.org', 'shallow.example.org']);
    expect(found.map(({ domain }) => domain)).to.deep.equal(['shallow.example.org']);
  });

  it('refuses a file without a good row, whatever is to be skipped', async () => {
    const file = await platform.write('none.csv', ['domain', 'bad domain']);
    expect(await addFrom(file, '--skip-invalid')).to.include({ exitCode: 2, stdout: '' });
  });

  it('refuses an unknown column', async () => {
    const file = await platform.write('column.csv', ['domain,emai', 'c.example.org,c@example.org']);
    const { stderr, exitCode } = await addFrom(file);
    expect(stderr).to.contain('There is no column "emai"').and.contain('Did you mean "email"?');
    expect(exitCode).to.equal(2);
  });

  it('refuses a file that is not there', async () => {
    expect(await addFrom('/nowhere/school.csv')).to.include({ exitCode: 2, stdout: '' });
  });

  for (const flag of ['--domain-aliases', '--uuid', '--oidc_id', '--email', '--passphrase']) {
    it(`refuses ${flag}, which is one instance's own, without quoting it`, async () => {
      const file = await platform.write('own.csv', ['domain', 'own.example.org']);
      const { stderr, exitCode } = await addFrom(file, flag, 'very-private');
      expect(stderr).to.contain(`${flag} is one instance's own`).and.not.contain('very-private');
      expect(exitCode).to.equal(2);
    });
  }

  it('queues nothing in a dry run, and says what it would cost', async () => {
    const before = await platform.everything();
    const file = await platform.write('dry.csv', ['domain', 'dry.example.org']);
    const { stdout, exitCode } = await addFrom(file, '--dry-run');
    expect(stdout).to.contain('1 good row, 0 bad').and.contain('32 shard and 70 index files');
    expect(stdout).to.match(/free on the disk of/);
    expect(exitCode).to.equal(10);
    expect(await platform.everything()).to.deep.equal(before);
  });

  it('warns in a dry run of what is odd: unknown contexts, long labels, names that look alike', async () => {
    const twin = 'tw\u00adin.example.org';
    await platform.server.putDocument(INSTANCES, { _id: 'twin', domain: twin, locale: 'en' });
    const file = await platform.write('odd.csv', [
      'domain,context-name,public-name',
      'odd.example.org,gamma,',
      `${'a'.repeat(64)}.example.org,,`,
      'оdd.example.org,,Zo\u200dé',
      'twin.example.org,,',
      'usual.example.org,,',
    ]);
    const { stdout, stderr, exitCode } = await addFrom(file, '--dry-run');
    expect(stderr.split('\n')).to.deep.equal([
      `${file}:2: context-name: warning: the configuration has no such context`,
      `${file}:3: domain: warning: a part of it is longer than the 63 octets that DNS can carry`,
      `${file}:4: domain: warning: letters of several alphabets are mixed in it: Latin, Cyrillic`,
      `${file}:4: public-name: warning: it contains the invisible character U+200D ZERO WIDTH JOINER`,
      `${file}:4: domain: warning: it looks like a name on line 2, and is another`,
      `${file}:5: domain: warning: it looks like the name "tw<U+00AD>in.example.org" of an instance that exists, and is another`,
      '',
    ]);
    expect(stdout).to.contain('5 good rows, 0 bad; 3 of the good ones with warnings');
    expect(exitCode).to.equal(10);
    const json = await addFrom(file, '--dry-run', '--json');
    expect(JSON.parse(json.stdout)).to.include({ valid: 5, invalid: 0, doubtful: 3 });
  });

  it('has nothing to warn of in the example file, with the configuration that up writes', async () => {
    const file = fileURLToPath(new URL('../../../examples/fleet.csv', import.meta.url));
    expect(await addFrom(file, '--dry-run')).to.include({ stderr: '', exitCode: 10 });
  });

  it('warns of the same when it queues the rows, and goes on', async () => {
    const file = await platform.write('odd-run.csv', ['domain,context-name', 'odd-run.example.org,gamma']);
    const { stderr, exitCode } = await addFrom(file);
    expect(stderr).to.equal(`${file}:2: context-name: warning: the configuration has no such context\n`);
    expect(exitCode).to.equal(0);
  });

  it('makes an organization’s own instance before its members, and none without address and name', async () => {
    const head = 'domain,org-id,org-domain,email,public-name';
    const members = ['anna', 'ben', 'cleo'].map(
      (name) => `${name}.org1.org,acme,ACME.Example.,${name}@b.org,${name}`,
    );
    const own = 'acme.org1.org,acme,ACME.Example.,acme@b.org,Acme';
    const file = await platform.write('organization.csv', [head, ...members, own]);
    const { exitCode, stderr } = await addFrom(file);
    expect(exitCode, stderr).to.equal(0);

    const jobs = await platform.fleet.queue.getJobs(['active', 'completed']);
    const stage = (domain: string, name: string) => {
      const found = jobs.find(({ data }) => domainOf(data) === domain);
      return (
        readProgress(found?.progress).stages.find((each) => each.stage === name)?.startedAt ?? Number.NaN
      );
    };
    for (const name of ['anna', 'ben', 'cleo']) {
      expect(stage(`${name}.org1.org`, 'register')).to.be.least(stage('acme.org1.org', 'finish'));
    }
    const [anna] = await findByNames(platform.server, ['anna.org1.org']);
    expect(anna).to.include({ org_domain: 'acme.example', org_id: 'acme' });

    const bad = await platform.write('organization-bad.csv', [
      head,
      'dan.org1.org,acme,,dan@b.org,',
      'eva.org1.org,,acme.example,,Eva',
    ]);
    const refused = await addFrom(bad);
    expect(refused.stderr).to.contain(`${bad}:2: public-name: `).and.contain(`${bad}:3: email: `);
    expect(refused.exitCode).to.equal(2);
  });

  it('warns where the own instance of an organization is nowhere', async () => {
    const head = 'domain,org-id,email,public-name';
    const file = await platform.write('no-own.csv', [
      head,
      'x.org2.org,nowhere,x@b.org,X',
      'y.org2.org,acme,y@b.org,Y',
    ]);
    const { stderr } = await addFrom(file, '--dry-run');
    expect(stderr).to.equal(
      `${file}:2: org-id: warning: no instance has "nowhere" as its first label: members get no directory\n`,
    );
  });

  it('has exit code 2 for a dry run with bad rows', async () => {
    const file = await platform.write('dry-bad.csv', ['domain', 'dry.example.org', 'bad domain']);
    const { stdout, exitCode } = await addFrom(file, '--dry-run');
    expect(stdout).to.contain('1 good row, 1 bad');
    expect(exitCode).to.equal(2);
  });

  it('fails a row whose domain is somebody else’s, and says how to go on', async () => {
    await platform.run('instances', 'add', 'zoe.example.org', '--email', 'zoe@example.org');
    const file = await platform.write('taken.csv', [
      'domain,email',
      'zoe.example.org,other@example.org',
      'max.example.org,max@example.org',
    ]);
    const { stdout, exitCode } = await addFrom(file);
    expect(exitCode).to.equal(68);
    const id = /Batch (\w+) ended: 1 created, 1 failed\./.exec(stdout)?.[1];
    expect(stdout).to.contain(`cozy-fleet batches show ${id} --failed`);
    expect(stdout).to.contain(`cozy-fleet batches retry ${id}`);
    expect(stdout).to.contain(`cozy-fleet batches export ${id} > invitations.csv`);
  });

  it('has exit code 1 when every row failed', async () => {
    await platform.run('instances', 'add', 'eve.example.org', '--email', 'eve@example.org');
    const file = await platform.write('all.csv', ['domain,email', 'eve.example.org,other@example.org']);
    expect(await addFrom(file)).to.include({ exitCode: 1 });
  });

  it('keeps name, reason and limit for the record', async () => {
    const file = await platform.write('named.csv', ['domain', 'named.example.org']);
    const argv = ['--batch-name', 'Year 7', '--reason', 'start of term', '--max-failures', '5', '--json'];
    const { stdout } = await addFrom(file, ...argv);
    const answer = JSON.parse(stdout);
    expect(answer).to.include({
      name: 'Year 7',
      reason: 'start of term',
      state: 'done',
      total: 1,
      queued: 1,
    });
    expect(await platform.fleet.batches.get(answer.batch)).to.include({ maxFailures: 5 });
  });

  it('returns at once with --async', async () => {
    const file = await platform.write('async.csv', ['domain', 'async1.example.org', 'async2.example.org']);
    const { stdout, exitCode } = await addFrom(file, '--async');
    const id = /Batch (\w+) is queued\. Watch it: cozy-fleet batches watch \1/.exec(stdout)?.[1] ?? '';
    expect(exitCode).to.equal(0);
    const watched = await platform.run('batches', 'watch', id);
    expect(watched.stdout).to.contain('2 created');
    expect(watched.exitCode).to.equal(0);
  });
});
