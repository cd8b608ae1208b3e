import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import { DATABASES } from '../../../src/instances/databases/databases.ts';
import { databaseName, databasePrefix, reservationId } from '../../../src/instances/databases/prefix.ts';
import { SETTINGS_ID } from '../../../src/instances/documents/settings-document.ts';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';
import { until } from '../../support/until.ts';

const ID = '46b5534a6cc3100711f5470755f58352';
const PREFIX = 'cozya02e112849eedf94b057a8ebb5e0f6b3';
const SETTINGS = `${PREFIX}/io-cozy-settings`;

/** What the stack printed first (`docs/admin-api.md` §7): its fields, in its order. */
const FIRST: Readonly<Record<string, unknown>> = {
  domain: 'cli.example.org',
  domain_aliases: undefined,
  prefix: PREFIX,
  locale: 'fr',
  context: 'beta',
  tos: undefined,
  blocked: undefined,
  onboarding_finished: false,
  password_defined: false,
  disk_quota: '50000000000',
  indexes_version: 38,
  passphrase_reset_token: null,
  passphrase_reset_time: '0001-01-01T00:00:00Z',
  register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==',
};

describe('instances modify', () => {
  let platform: CliPlatform;
  const modify = (...argv: string[]): Promise<Ran> => platform.run('instances', 'modify', ...argv);
  const find = async (domain: string) => (await findByNames(platform.server, [domain])).at(0);

  before(async () => {
    platform = await startPlatform();
    await putInstances(platform.server, [
      {
        _id: ID,
        domain: 'cli.example.org',
        prefix: PREFIX,
        locale: 'fr',
        context: 'beta',
        disk_quota: '50000000000',
        register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==',
        from_tomorrow: true,
      },
      { domain: 'other.example.org', domain_aliases: ['alias.example.org'] },
      { domain: 'many.example.org', domain_aliases: ['short.example.org'] },
      { domain: 'queued.example.org' },
      { domain: 'busy.example.org', prefix: 'cozy0' },
      { domain: 'dying.example.org', deleting: true },
      {
        _id: reservationId('reserved.example.org'),
        domain: 'reserved.example.org',
        blocked: true,
        blocking_reason: 'PROVISIONING:0123456789abcdef',
      },
    ]);
    await platform.server.createDatabase(SETTINGS);
    await platform.server.putDocument(SETTINGS, { _id: SETTINGS_ID, email: 'c@example.org' });
    await platform.server.createDatabase('cozy0/io-cozy-settings');
  });

  after(() => platform.close());

  describe('of feature flags', () => {
    const flags = (text: string) => modify('other.example.org', '--feature-flags', text);
    const stored = async () => (await find('other.example.org'))?.feature_flags;

    it('merges them, and null takes one away', async () => {
      expect((await flags('{"a":true,"b":{"x":[1]}}')).exitCode).to.equal(0);
      const ran = await flags('{"a":null,"c":"no"}');
      expect(ran.exitCode, ran.stderr).to.equal(0);
      expect(await stored()).to.deep.equal({ b: { x: [1] }, c: 'no' });
      expect(JSON.parse(ran.stdout).attributes.feature_flags).to.deep.equal({ b: { x: [1] }, c: 'no' });
    });

    it('writes nothing where they are so already', async () => {
      const before = await find('other.example.org');
      expect((await flags('{"c":"no","never":null}')).exitCode).to.equal(0);
      expect((await find('other.example.org'))?._rev).to.equal(before?._rev);
    });

    it('leaves no empty map behind', async () => {
      await flags('{"b":null,"c":null}');
      expect(await find('other.example.org')).not.to.have.property('feature_flags');
    });

    it('refuses what is no JSON, with the place, and warns of a text that looks like a truth', async () => {
      const refused = await flags('{a:true}');
      expect(refused.exitCode).to.equal(2);
      expect(refused.stderr).to.contain('feature-flags: it is not valid JSON (see character 2)');
      const odd = await flags('{"odd":"false"}');
      expect(odd.stderr).to.contain('Warning: feature-flags: "odd" is a text');
      expect(await stored()).to.deep.equal({ odd: 'false' });
    });

    it('is looked ahead at, flag by flag', async () => {
      const ran = await modify(
        'other.example.org',
        '--feature-flags',
        '{"odd":null,"x":1,"y":null}',
        '--dry-run',
      );
      expect(ran.stdout).to.contain('feature_flags.odd: "false" \u2192 -, feature_flags.x: - \u2192 1');
      expect(ran.stdout).not.to.contain('feature_flags.y');
      expect(await stored()).to.deep.equal({ odd: 'false' });
    });
  });

  describe('as recorded from the stack', () => {
    /** To the letter, but for the revision; with fields that the stack keeps to itself at the end. */
    async function printed(argv: readonly string[], changes: object, more: object = {}): Promise<void> {
      const ran = await modify('cli.example.org', ...argv);
      const rev = (await find('cli.example.org'))?._rev ?? '';
      const view = { id: ID, meta: { rev }, attributes: { ...FIRST, ...changes, ...more } };
      const expected = { stdout: `${JSON.stringify(view, null, 2)}\n`, stderr: '', exitCode: 0 };
      expect(ran).to.deep.equal(expected);
    }

    const blocked = (reason: string) => ({ blocking_reason: reason });

    it('prints what show prints', async () => {
      const { stdout } = await modify('cli.example.org', '--locale', 'fr');
      expect(stdout).to.equal((await platform.run('instances', 'show', 'cli.example.org')).stdout);
    });

    it('writes nothing where nothing changes', async () => {
      const before = await find('cli.example.org');
      await modify('cli.example.org', '--locale', 'fr', '--disk-quota', '50GB');
      expect((await find('cli.example.org'))?._rev).to.equal(before?._rev);
    });

    it('blocks', async () => {
      const argv = ['--blocked', '--blocking-reason', 'PAYMENT_FAILED'];
      await printed(argv, { blocked: true }, blocked('PAYMENT_FAILED'));
    });

    it('takes a reason alone, which the stack drops', async () => {
      await printed(['--blocking-reason', 'LOGIN_FAILED'], { blocked: true }, blocked('LOGIN_FAILED'));
    });

    it('unblocks, and forgets the reason', async () => {
      await printed(['--blocked=false'], {});
      expect(await find('cli.example.org')).not.to.have.any.keys('blocked', 'blocking_reason');
    });

    const domain_aliases = ['c1.example.org', 'c2.example.org'];

    it('changes settings and aliases', async () => {
      const argv = ['--public-name', 'Cli Person', '--tz', 'Europe/Paris'];
      await printed([...argv, '--domain-aliases', 'c1.example.org,c2.example.org'], { domain_aliases });
      const settings: Partial<StoredDocument> =
        (await platform.server.getDocument(SETTINGS, SETTINGS_ID)) ?? {};
      expect(settings).to.include({ email: 'c@example.org', public_name: 'Cli Person', tz: 'Europe/Paris' });
    });

    it('signs the terms of service', async () => {
      await printed(['--tos', '20201231'], { domain_aliases, tos: '1.0.0-20201231' });
    });

    it('refuses bad terms', async () => {
      const { stdout, stderr, exitCode } = await modify('cli.example.org', '--tos-latest', 'bad');
      expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 2 });
      expect(stderr).to.equal(
        'Failed to modify instance for domain cli.example.org\nError: tos-latest: Bad format for TOS version\n',
      );
    });

    it('does not know an instance that is not there', async () => {
      const { stdout, stderr, exitCode } = await modify('nobody.example.org', '--blocked');
      expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 1 });
      expect(stderr).to.match(
        /^Failed to modify instance for domain nobody\.example\.org\nError: Not Found: Instance not found\n/,
      );
    });

    it('says no more of a bad size than what is wrong with it', async () => {
      const ran = await modify('cli.example.org', '--disk-quota', '5GO');
      const stderr = 'Error: disk-quota: unhandled size name: go\n';
      expect(ran).to.deep.equal({ stdout: '', stderr, exitCode: 2 });
    });

    it('keeps what it does not know', async () => {
      expect(await find('cli.example.org')).to.include({ from_tomorrow: true });
    });
  });

  it('prints the same with --json', async () => {
    const { stdout } = await modify('other.example.org', '--locale', 'de', '--json');
    expect(JSON.parse(stdout).attributes).to.include({ domain: 'other.example.org', locale: 'de' });
  });

  it('finds an instance by an alias', async () => {
    await modify('short.example.org', '--magic_link', '--disk-quota', '5GiB');
    expect(await find('many.example.org')).to.include({ magic_link: true, disk_quota: '5368709120' });
  });

  it('leaves alone what is not given', async () => {
    await modify('many.example.org', '--locale', 'fr');
    expect(await find('many.example.org')).to.include({ magic_link: true, locale: 'fr' });
  });

  it('takes both forms of a truth', async () => {
    await modify('many.example.org', '--magic_link=false');
    expect(await find('many.example.org')).not.to.have.property('magic_link');
    await modify('many.example.org', '--onboarding-finished=true', '--no-blocked');
    expect(await find('many.example.org')).to.include({ onboarding_finished: true });
  });

  it('takes a limit away', async () => {
    await modify('many.example.org', '--disk-quota', '0');
    expect(await find('many.example.org')).not.to.have.property('disk_quota');
  });

  it('replaces the aliases, keeps those that stay, and takes all away', async () => {
    const argv = ['--domain-aliases', 'short.example.org', '--domain-aliases', 'new.example.org'];
    expect(await modify('many.example.org', ...argv)).to.include({ exitCode: 0 });
    const { domain_aliases } = (await find('many.example.org')) ?? {};
    expect(domain_aliases).to.deep.equal(['short.example.org', 'new.example.org']);
    expect(await modify('many.example.org', '--domain-aliases', '')).to.include({ exitCode: 0 });
    expect(await find('many.example.org')).not.to.have.property('domain_aliases');
  });

  it('refuses to change nothing', async () => {
    const { stderr, exitCode } = await modify('cli.example.org');
    expect(stderr).to.contain('Nothing to change was given');
    expect(exitCode).to.equal(2);
  });

  it('knows no flags that are for creations only', async () => {
    for (const flag of ['--apps', '--couch-cluster', '--passphrase', '--swift-layout']) {
      expect(await modify('cli.example.org', flag, '1'), flag).to.include({ exitCode: 2, stdout: '' });
    }
  });

  describe('refuses an alias', () => {
    for (const name of ['other.example.org', 'alias.example.org']) {
      it(`that is another instance’s: ${name}`, async () => {
        const { stdout, stderr, exitCode } = await modify('cli.example.org', '--domain-aliases', name);
        expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 1 });
        expect(stderr).to.contain('Error: Conflict: Instance already exists\n');
        expect(stderr).to.contain(`${name} is a name of the instance other.example.org`);
      });
    }

    it('that a job holds', async () => {
      const jobId = await addJob('wanted.example.org');
      const ran = await modify('cli.example.org', '--domain-aliases', 'wanted.example.org', '--json');
      const { error } = JSON.parse(ran.stdout);
      expect(error.code).to.equal('busy');
      expect(error.message).to.match(
        new RegExp(`^busy: job ${jobId} is creating wanted\\.example\\.org\nSee it: .*${jobId}`),
      );
      expect(ran.exitCode).to.equal(1);
    });

    it('that is its own domain', async () => {
      const ran = await modify('cli.example.org', '--domain-aliases', 'cli.example.org');
      expect(ran.stderr).to.contain('the domain of the instance itself');
    });
  });

  it('leaves alone an instance that a job is at', async () => {
    const jobId = await addJob('queued.example.org');
    const { stderr, exitCode } = await modify('queued.example.org', '--locale', 'ja');
    expect(stderr).to.contain(`Error: busy: job ${jobId} is creating queued.example.org\n`);
    expect(exitCode).to.equal(1);
    expect(await find('queued.example.org')).to.include({ locale: 'en' });
  });

  it('waits its turn behind another command, and leaves when it is told to', async () => {
    const { claims, redis, keys } = platform.fleet;
    const holder = {
      jobId: randomUUID(),
      kind: 'modify',
      names: ['busy.example.org'],
      payloadHash: '',
    } as const;
    await claims.take(holder, 'direct');
    const command = platform.spawn(['instances', 'modify', 'busy.example.org', '--uuid', 'u']);
    await until('it waits', () => command.stderr().includes('Waiting for another command'));
    command.child.kill('SIGINT');
    const { stderr, exitCode } = await command.ended;
    expect(stderr).to.contain('Error: Interrupted');
    expect(exitCode).to.equal(130);
    expect(await redis.hget(keys.name('busy.example.org'), 'job')).to.equal(holder.jobId);
    await claims.release(holder.jobId, holder.names);
  });

  it('leaves no claim behind', async () => {
    await modify('busy.example.org', '--domain-aliases', 'b1.example.org');
    for (const name of ['busy.example.org', 'b1.example.org']) {
      const held = await platform.fleet.redis.hget(platform.fleet.keys.name(name), 'job');
      expect(held, name).to.equal(null);
    }
  });

  it('lets several commands at once each do its part', async () => {
    const flags = [
      ['--locale', 'es'],
      ['--context-name', 'notes', '--phone', '1'],
      ['--email', 'x@y'],
    ];
    const commands = flags.map((argv) =>
      platform.spawn(['instances', 'modify', 'busy.example.org', ...argv]),
    );
    const ended = await Promise.all(commands.map((command) => command.ended));
    expect(ended.map(({ exitCode }) => exitCode)).to.deep.equal([0, 0, 0]);
    expect(await find('busy.example.org')).to.include({ locale: 'es', context: 'notes' });
    const settings = await platform.server.getDocument('cozy0/io-cozy-settings', SETTINGS_ID);
    expect(settings).to.include({ phone: '1', email: 'x@y' });
  });

  describe('of an instance that is not in use', () => {
    it('refuses one that is being made', async () => {
      const { stdout, exitCode } = await modify('reserved.example.org', '--blocked=false', '--json');
      expect(JSON.parse(stdout).error.code).to.equal('provisioning');
      expect(exitCode).to.equal(1);
    });

    it('refuses one that is being deleted', async () => {
      const { stdout } = await modify('dying.example.org', '--locale', 'fr', '--json');
      expect(JSON.parse(stdout).error.code).to.equal('deleting');
    });

    it('never marks one as being deleted', async () => {
      for (const flag of ['--deleting', '--deleting=true']) {
        const { stderr, exitCode } = await modify('cli.example.org', flag);
        expect(stderr).to.contain('Error: deleting: only a destruction marks an instance so');
        expect(exitCode).to.equal(2);
      }
    });

    it('takes a deletion back only alone', async () => {
      const { stderr, exitCode } = await modify('dying.example.org', '--deleting=false', '--locale', 'fr');
      expect(stderr).to.contain('goes alone');
      expect(exitCode).to.equal(2);
    });

    it('takes no deletion back that has begun to remove', async () => {
      const { stderr, exitCode } = await modify('dying.example.org', '--deleting=false');
      expect(stderr).to.contain('16 of its 16 databases are gone').and.to.contain('--resume');
      expect(exitCode).to.equal(1);
      expect(await find('dying.example.org')).to.have.property('deleting', true);
    });

    it('takes a deletion back', async () => {
      const prefix = databasePrefix({ domain: 'dying.example.org' });
      const names = DATABASES.map(({ doctype }) => databaseName(prefix, doctype));
      await Promise.all(names.map((name) => platform.server.createDatabase(name)));
      expect(await modify('dying.example.org', '--deleting=false')).to.include({ exitCode: 0 });
      expect(await find('dying.example.org')).not.to.have.property('deleting');
    });
  });

  /** A creation that waits and holds its name. */
  async function addJob(domain: string): Promise<string> {
    const { fleet } = platform;
    const jobId = randomUUID();
    await fleet.claims.take({ jobId, kind: 'create', names: [domain], payloadHash: jobId }, 'add');
    await fleet.redis.hset(fleet.keys.bull(jobId), 'name', 'create');
    return jobId;
  }
});
