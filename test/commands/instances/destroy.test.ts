import { access, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';

describe('instances destroy', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
  });

  after(() => platform.close());

  async function instance(domain: string): Promise<StoredInstance | undefined> {
    return (await findByNames(platform.server, [domain])).find((each) => each.domain === domain);
  }

  async function made(...domains: string[]): Promise<void> {
    const file = await platform.write('made.csv', ['domain', ...domains]);
    const { exitCode, stderr } = await platform.run('instances', 'add', '--from', file);
    expect(exitCode, stderr).to.equal(0);
  }

  async function change(domain: string, fields: Partial<StoredInstance>): Promise<void> {
    const found = await instance(domain);
    if (found === undefined) throw new Error(`${domain} is not there`);
    await platform.server.putDocument(INSTANCES, { ...found, ...fields });
  }

  async function everythingOf(domain: string): Promise<string[]> {
    const databases = await platform.server.listDatabases(`${prefixOf(domain)}/`);
    const directory = join(platform.config.storage.root, domain);
    const there = await access(directory).then(
      () => [directory],
      () => [],
    );
    return [...databases, ...there, ...((await instance(domain)) === undefined ? [] : ['document'])];
  }

  it('asks for the domain, in the words of the stack, and leaves nothing of it', async () => {
    await made('cli.example.org');
    const { ended } = platform.spawn(['instances', 'destroy', 'cli.example.org'], 'cli.example.org\n');
    const { stdout, exitCode } = await ended;
    expect(stdout).to.equal(
      [
        'Are you sure you want to remove instance for domain cli.example.org?',
        'All data associated with this domain will be permanently lost.',
        'Type again the domain to confirm: ',
        'Instance for domain cli.example.org has been destroyed with success',
        '',
      ].join('\n'),
    );
    expect(exitCode).to.equal(0);
    expect(await everythingOf('cli.example.org')).to.deep.equal([]);
  });

  describe('of a twin that was made when its name was not refused', () => {
    const twins = ['tw\u200bin.example.org', 'twin.example.org\ufeff', 'tw\u00adin2.example.org.'];

    beforeEach(async () => {
      const plain = twins.map((_, at) => `renamed${at}.example.org`);
      await made(...plain);
      for (const [at, domain] of twins.entries()) {
        const before = plain[at] ?? '';
        await change(before, { domain, old_domain: before });
        const { root } = platform.config.storage;
        await rename(join(root, before), join(root, domain));
      }
    });

    it('reaches it by its name, as look-ups and changes do', async () => {
      for (const domain of twins) {
        expect((await platform.run('instances', 'show', domain)).exitCode).to.equal(0);
        expect((await platform.run('instances', 'modify', domain, '--locale', 'fr')).exitCode).to.equal(0);
        expect((await instance(domain))?.locale).to.equal('fr');
        const { ended } = platform.spawn(['instances', 'destroy', domain], `${domain}\n`);
        expect((await ended).exitCode).to.equal(0);
        expect(await everythingOf(domain)).to.deep.equal([]);
      }
      expect(await everythingOfRenamed()).to.deep.equal([]);
    });

    it('reaches it from a file', async () => {
      const file = await platform.write('twins.csv', ['domain', ...twins]);
      const { exitCode, stderr } = await platform.run('instances', 'destroy', '--from', file, '--force');
      expect(exitCode, stderr).to.equal(0);
      for (const domain of twins) expect(await everythingOf(domain)).to.deep.equal([]);
      expect(await everythingOfRenamed()).to.deep.equal([]);
    });

    /** Their databases are still called by their first names. */
    async function everythingOfRenamed(): Promise<string[]> {
      return (await Promise.all(twins.map((_, at) => everythingOf(`renamed${at}.example.org`)))).flat();
    }
  });

  it('does nothing when something else is typed', async () => {
    await made('kept.example.org');
    const before = await platform.everything();
    const { stderr, exitCode } = await platform.spawn(['instances', 'destroy', 'kept.example.org'], 'no\n')
      .ended;
    expect(stderr).to.match(/Error: Aborted\n$/);
    expect(exitCode).to.equal(1);
    expect(await platform.everything()).to.deep.equal(before);
  });

  it('does nothing when there is nobody to ask', async () => {
    const { stderr, exitCode } = await platform.spawn(['instances', 'destroy', 'kept.example.org']).ended;
    expect(stderr).to.contain('There is no terminal to ask on').and.contain('--force');
    expect(exitCode).to.equal(2);
    expect(await instance('kept.example.org')).to.not.equal(undefined);
  });

  it('names the configuration and the CouchDB before it asks', async () => {
    const { stderr } = await platform.spawn(['instances', 'destroy', 'kept.example.org'], 'no\n').ended;
    expect(stderr).to.contain(`Configuration: ${platform.configFile}; CouchDB: ${platform.server.host}`);
  });

  it('of one that is not there is an error', async () => {
    const { stderr, exitCode } = await platform.run('instances', 'destroy', 'nobody.example.org', '--force');
    expect(stderr).to.match(
      /^An error occurred while destroying instance for domain nobody.example.org\nError: Not Found: Instance not found\n/,
    );
    expect(exitCode).to.equal(1);
  });

  it('is refused while the deleting flag is set, and says how to go on', async () => {
    await made('flagged.example.org');
    await change('flagged.example.org', { deleting: true });
    const { stderr, exitCode } = await platform.run('instances', 'destroy', 'flagged.example.org', '--force');
    expect(stderr).to.contain('Error: Unqualified error: The deletion has already been requested');
    for (const way of ['jobs retry', '--resume', '--deleting=false']) expect(stderr).to.contain(way);
    expect(exitCode).to.equal(1);
    expect(await instance('flagged.example.org')).to.not.equal(undefined);
  });

  it('--resume takes over what is flagged', async () => {
    const argv = ['instances', 'destroy', 'flagged.example.org', '--resume', '--force'];
    const { exitCode, stderr } = await platform.run(...argv);
    expect(exitCode, stderr).to.equal(0);
    expect(await everythingOf('flagged.example.org')).to.deep.equal([]);
  });

  it('removes the reservation of a creation that failed half-way', async () => {
    const directory = join(platform.config.storage.root, 'half.example.org');
    const _id = prefixOf('half.example.org').replace('cozy', '');
    await platform.server.putDocument(INSTANCES, {
      _id,
      domain: 'half.example.org',
      prefix: prefixOf('half.example.org'),
      locale: 'en',
      password_defined: false,
      blocked: true,
      blocking_reason: `PROVISIONING:${'0'.repeat(16)}`,
      cli_secret: 'c2VjcmV0',
    });
    await platform.server.createDatabase(`${prefixOf('half.example.org')}/io-cozy-files`);
    const { exitCode, stderr } = await platform.run('instances', 'destroy', 'half.example.org', '--force');
    expect(exitCode, stderr).to.equal(0);
    expect(await everythingOf('half.example.org')).to.deep.equal([]);
    expect(directory).to.contain('half');
  });

  it('of a file asks for their number, and counts what is not there as skipped', async () => {
    await made('a.school.org', 'b.school.org');
    const file = await platform.write('leavers.csv', [
      'domain,email',
      'a.school.org,x',
      'b.school.org,',
      'c.school.org,',
    ]);
    const { ended } = platform.spawn(['instances', 'destroy', '--from', file], '3\n');
    const { stdout, stderr, exitCode } = await ended;
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.contain('ended: 2 destroyed, 1 skipped (not there).');
    expect([...(await everythingOf('a.school.org')), ...(await everythingOf('b.school.org'))]).to.deep.equal(
      [],
    );
  });

  it('of a filter destroys those that meet it, and no other', async () => {
    await made('a.blocked.org', 'b.blocked.org', 'c.blocked.org');
    for (const domain of ['a.blocked.org', 'b.blocked.org']) await change(domain, { blocked: true });
    const argv = [
      'instances',
      'destroy',
      '--state',
      'blocked',
      '--domain',
      '*.blocked.org',
      '--force',
      '--json',
    ];
    const { stdout } = await platform.run(...argv);
    expect(JSON.parse(stdout)).to.deep.include({ kind: 'destroy', state: 'done', total: 2 });
    expect(await instance('a.blocked.org')).to.equal(undefined);
    expect(await instance('c.blocked.org')).to.not.equal(undefined);
  });

  it('spares one that has changed since the operator looked', async () => {
    await made('waits.onboarding.org');
    await platform.stopWorker();
    const argv = [
      'instances',
      'destroy',
      '--state',
      'onboarding',
      '--domain',
      '*.onboarding.org',
      '--force',
      '--async',
    ];
    const queued = await platform.run(...argv, '--json');
    await change('waits.onboarding.org', { onboarding_finished: true });
    await platform.startWorker();
    const { batch } = JSON.parse(queued.stdout);
    const watched = await platform.run('batches', 'watch', batch);
    expect(watched.exitCode).to.equal(1);
    const { stdout } = await platform.run('batches', 'show', batch, '--failed');
    expect(stdout).to.contain('waits.onboarding.org\tmark\t1\tchanged: ');
    expect(await instance('waits.onboarding.org')).to.include({ onboarding_finished: true });
  });

  it('needs to be told which', async () => {
    const { stderr, exitCode } = await platform.run('instances', 'destroy', '--force');
    expect(stderr).to.contain('Name the instances in one way');
    expect(exitCode).to.equal(2);
  });

  it('is disabled where the operator has switched it off', async () => {
    process.env['COZY_DISABLE_INSTANCES_ADD_RM'] = 'maintenance';
    try {
      const { stderr, exitCode } = await platform.run('instances', 'destroy', 'kept.example.org', '--force');
      expect(stderr).to.contain('Sorry, instances destroy is disabled: maintenance');
      expect(exitCode).to.equal(1);
    } finally {
      delete process.env['COZY_DISABLE_INSTANCES_ADD_RM'];
    }
  });
});
