import { expect } from 'chai';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';

const FIRST_LINE = (domain: string) => `Creating instance for domain "${domain}": please wait...\n`;

describe('instances add', () => {
  let platform: CliPlatform;
  const add = (...argv: string[]): Promise<Ran> => platform.run('instances', 'add', ...argv);
  const find = async (domain: string) => (await findByNames(platform.server, [domain])).at(0);

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
  });

  after(() => platform.close());

  it('says what the stack says', async () => {
    const { stdout, stderr, exitCode } = await add('Alice.example.org');
    const stored = (await find('alice.example.org'))?.register_token ?? '';
    const token = Buffer.from(stored, 'base64').toString('hex');
    expect(token).to.match(/^[0-9a-f]{32}$/);
    expect(stdout).to.equal(
      [
        'Creating instance for domain "Alice.example.org": please wait...',
        'Instance created with success for domain alice.example.org',
        `Registration token: "${token}"`,
        `Define your password by visiting https://alice.example.org/?registerToken=${token}`,
        '',
      ].join('\n'),
    );
    expect(stderr).to.equal('');
    expect(exitCode).to.equal(0);
  });

  it('answers to the name of create, too', async () => {
    const { exitCode } = await platform.run('instances', 'create', 'create.example.org');
    expect(exitCode).to.equal(0);
  });

  it('writes what the flags say', async () => {
    await add(
      'flags.example.org',
      ...['--domain-aliases', 'f1.example.org,f2.example.org', '--domain-aliases', 'f3.example.org'],
      ...['--locale', 'fr', '--disk-quota', '5GB', '--blocked=true', '--couch-cluster', '-1'],
    );
    const instance = await find('f3.example.org');
    expect(instance).to.include({
      domain: 'flags.example.org',
      locale: 'fr',
      disk_quota: '5000000000',
      blocked: true,
    });
    expect(instance?.domain_aliases).to.deep.equal(['f1.example.org', 'f2.example.org', 'f3.example.org']);
  });

  it('sets feature flags', async () => {
    const ran = await add(
      'featured.example.org',
      '--feature-flags',
      '{"drive.beta":{"list":["a"]},"off":false}',
    );
    expect(ran.exitCode, ran.stderr).to.equal(0);
    const instance = await find('featured.example.org');
    expect(instance?.feature_flags).to.deep.equal({ 'drive.beta': { list: ['a'] }, off: false });
  });

  it('takes no flag away from what is not there yet', async () => {
    const ran = await add('unfeatured.example.org', '--feature-flags', '{"off":null}');
    expect([ran.exitCode, ran.stderr.includes('feature-flags: "off" is null')], ran.stderr).to.deep.equal([
      2,
      true,
    ]);
    expect(await find('unfeatured.example.org')).to.equal(undefined);
  });

  it('shows no token where a passphrase was given, and warns of the flag', async () => {
    const { stdout, stderr } = await add('pass.example.org', '--passphrase', 'correct horse');
    expect(stdout).to.equal(
      `${FIRST_LINE('pass.example.org')}Instance created with success for domain pass.example.org\n`,
    );
    expect(stderr).to.contain('other users of this machine can see --passphrase');
    expect(stderr).not.to.contain('correct horse');
    expect(await find('pass.example.org')).to.include({ onboarding_finished: true, password_defined: true });
  });

  it('takes a passphrase from stdin', async () => {
    const command = platform.spawn(
      ['instances', 'add', 'stdin.example.org', '--passphrase-stdin'],
      'battery staple\n',
    );
    const { exitCode, stderr } = await command.ended;
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(await find('stdin.example.org')).to.include({ password_defined: true });
  });

  it('refuses a domain that is there', async () => {
    await add('twice.example.org');
    const { stdout, stderr, exitCode } = await add('twice.example.org');
    expect(stdout).to.equal(FIRST_LINE('twice.example.org'));
    expect(stderr).to.equal(
      'Failed to create instance for domain twice.example.org\nError: Conflict: Instance already exists\nNothing was changed.\n',
    );
    expect(exitCode).to.equal(1);
  });

  it('refuses an alias that is taken', async () => {
    await add('owner.example.org', '--domain-aliases', 'name.example.org');
    const { stderr, exitCode } = await add('other.example.org', '--domain-aliases', 'name.example.org');
    expect(stderr).to.contain('Error: Conflict: Instance already exists\n');
    expect(stderr).to.contain('name.example.org is a name of the instance owner.example.org');
    expect(exitCode).to.equal(1);
    expect(await find('other.example.org')).to.equal(undefined);
  });

  it('refuses an illegal domain', async () => {
    const { stdout, stderr, exitCode } = await add('bad domain');
    expect(stdout).to.equal(FIRST_LINE('bad domain'));
    expect(stderr).to.match(
      /^Failed to create instance for domain bad domain\nError: domain: .*illegal character/,
    );
    expect(exitCode).to.equal(2);
  });

  it('refuses a bad flag before anything else', async () => {
    const { stdout, stderr, exitCode } = await add('quota.example.org', '--disk-quota', '5GO');
    expect({ stdout, stderr, exitCode }).to.deep.equal({
      stdout: '',
      stderr: 'Error: disk-quota: unhandled size name: go\n',
      exitCode: 2,
    });
  });

  it('refuses a Swift layout', async () => {
    const { stderr, exitCode } = await add('swift.example.org', '--swift-layout', '2');
    expect(stderr).to.contain('file storage only');
    expect(exitCode).to.equal(2);
  });

  it('refuses what is no application, and queues nothing', async () => {
    const before = await platform.everything();
    const { stderr, exitCode } = await add('apps.example.org', '--apps', 'drive,ftp://host/app.tgz');
    expect(stderr).to.contain('applications cannot come from ftp://');
    expect(exitCode).to.equal(2);
    expect(await platform.everything()).to.deep.equal(before);
  });

  it('needs a domain or a file, and not both', async () => {
    expect(await add()).to.include({ exitCode: 2, stdout: '' });
    expect(await add('a.example.org', '--from', 'school.csv')).to.include({ exitCode: 2, stdout: '' });
  });

  it('is disabled by the variable of the stack', async () => {
    process.env['COZY_DISABLE_INSTANCES_ADD_RM'] = 'ask the cloudery';
    try {
      const { stdout, stderr, exitCode } = await add('disabled.example.org');
      expect({ stdout, stderr, exitCode }).to.deep.equal({
        stdout: '',
        stderr: 'Error: Sorry, instances add is disabled: ask the cloudery\n',
        exitCode: 1,
      });
    } finally {
      delete process.env['COZY_DISABLE_INSTANCES_ADD_RM'];
    }
  });

  describe('with --json', () => {
    it('gives the outcome, the job and the link', async () => {
      const { stdout, exitCode } = await add('json.example.org', '--json');
      const answer = JSON.parse(stdout);
      expect(answer).to.include({ domain: 'json.example.org', outcome: 'created' });
      expect(answer.link).to.equal(`https://json.example.org/?registerToken=${answer.registerToken}`);
      expect(answer.jobId).to.be.a('string');
      expect(exitCode).to.equal(0);
    });

    it('gives errors with their code', async () => {
      await add('json-twice.example.org');
      const { stdout, exitCode } = await add('json-twice.example.org', '--json');
      expect(JSON.parse(stdout).error).to.include({ code: 'exists' });
      expect(exitCode).to.equal(1);
    });

    it('keeps exit code 2 for wrong flags', async () => {
      const { stdout, exitCode } = await add('json.example.org', '--nonsense', '--json');
      expect(JSON.parse(stdout).error).to.include({ code: 'usage' });
      expect(exitCode).to.equal(2);
    });
  });

  it('returns at once with --async, and the job goes on', async () => {
    const { stdout, exitCode } = await add('async.example.org', '--async');
    const jobId = /Queued as job (\S+)\. Watch it: cozy-fleet jobs watch \1/.exec(stdout)?.[1] ?? '';
    expect(exitCode).to.equal(0);
    expect(await platform.run('jobs', 'watch', jobId)).to.include({ exitCode: 0 });
    expect(await find('async.example.org')).to.include({ domain: 'async.example.org' });
  });

  it('knows that --async and --wait exclude each other', async () => {
    expect(await add('wait.example.org', '--async', '--wait', '5s')).to.include({ exitCode: 2 });
  });

  it('refuses what is no duration', async () => {
    const { stderr, exitCode } = await add('wait.example.org', '--wait', '5');
    expect(stderr).to.contain('--wait: "5" is not a duration');
    expect(exitCode).to.equal(2);
  });

  it('refuses two passphrases without quoting one', async () => {
    const { stderr, exitCode } = await add(
      'two.example.org',
      '--passphrase',
      'hunter2',
      '--passphrase-stdin',
    );
    expect(stderr).to.contain('Give only one of').and.not.contain('hunter2');
    expect(exitCode).to.equal(2);
  });
});
