import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

describe('apps ls', () => {
  let platform: CliPlatform;

  const run = (...flags: string[]) => platform.run('apps', 'ls', ...flags);

  before(async () => {
    platform = await startPlatform();
    const domains = [
      'a.example.org',
      'b.example.org',
      'c.school.org',
      'lost.example.org',
      'gone.example.org',
      'token.example.org',
    ];
    await putInstances(
      platform.server,
      domains.map((domain) => ({ domain, prefix: prefixOf(domain), onboarding_finished: true })),
    );
    await putApps(
      'a.example.org',
      [app('drive', '1.9.0'), app('notes', '2.0.0')],
      [app('waterbill', '1.1.0')],
    );
    await putApps('b.example.org', [
      app('drive', '1.60.0'),
      { ...app('notes', '2.0.0'), available_version: '2.1.0' },
    ]);
    await putApps('c.school.org', [app('drive', '1.60.0', 'beta')]);
  });

  after(() => platform.close());

  function app(slug: string, version: string, channel = 'stable') {
    return { slug, version, source: `registry://${slug}/${channel}`, state: 'ready' };
  }

  async function putApps(domain: string, webapps: object[], konnectors: object[] = []): Promise<void> {
    const ofKinds: [string, object[]][] = [
      ['io.cozy.apps', webapps],
      ['io.cozy.konnectors', konnectors],
    ];
    for (const [doctype, apps] of ofKinds) {
      const database = databaseName(prefixOf(domain), doctype);
      await platform.server.createDatabase(database);
      await platform.server.bulkInsert(database, [
        { _id: '_design/x', views: {} },
        ...apps.map((each) => ({ ...each, _id: `${doctype}/${'slug' in each ? each.slug : ''}` })),
      ]);
    }
  }

  const school = ['--domain', '*.school.org'];
  const readable = ['--domain', '?.*'];

  it('counts the instances that have each version, the oldest first, webapps before konnectors', async () => {
    const { stdout, exitCode } = await run(...readable);
    expect(stdout).to.equal(
      [
        'webapp\tdrive\t1.9.0\t1\tregistry://drive/stable',
        'webapp\tdrive\t1.60.0\t1\tregistry://drive/beta',
        'webapp\tdrive\t1.60.0\t1\tregistry://drive/stable',
        'webapp\tnotes\t2.0.0\t2\tregistry://notes/stable',
        'konnector\twaterbill\t1.1.0\t1\tregistry://waterbill/stable',
        '',
      ].join('\n'),
    );
    expect(exitCode).to.equal(0);
  });

  it('names the instances that have an older version than one', async () => {
    const { stdout } = await run(...readable, '--where', 'drive<1.60', '--domains');
    expect(stdout).to.equal('a.example.org\twebapp\tdrive\t1.9.0\tregistry://drive/stable\n');
  });

  it('counts those of a filter alone', async () => {
    const { stdout } = await run(...school);
    expect(stdout).to.equal('webapp\tdrive\t1.60.0\t1\tregistry://drive/beta\n');
  });

  it('gives a line of JSON for each version', async () => {
    const { stdout } = await run(...school, '--json');
    expect(JSON.parse(stdout)).to.deep.equal({
      kind: 'webapp',
      slug: 'drive',
      version: '1.60.0',
      source: 'registry://drive/beta',
      instances: 1,
    });
  });

  it('gives a line of JSON for each application of each instance, with the version that waits', async () => {
    const { stdout } = await run(...readable, '--where', 'notes', '--domains', '--json');
    const notes = { kind: 'webapp', slug: 'notes', version: '2.0.0', source: 'registry://notes/stable' };
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).to.deep.equal([
      { domain: 'a.example.org', ...notes },
      { domain: 'b.example.org', ...notes, availableVersion: '2.1.0' },
    ]);
  });

  it('names an instance without its databases, and ends with the code of what succeeded in part', async () => {
    const { stdout, stderr, exitCode } = await run('--where', 'drive');
    expect(stdout).to.contain('webapp\tdrive\t1.9.0\t1');
    expect(stderr).to.match(/Not read: the applications of lost\.example\.org: .*404/);
    expect(exitCode).to.equal(68);
  });

  it('has such an instance among the lines of JSON', async () => {
    const { stdout, exitCode } = await run('--domain', 'lost.*', '--json');
    expect(JSON.parse(stdout)).to.nested.include({ domain: 'lost.example.org', 'error.code': 'couchdb' });
    expect(exitCode).to.equal(1);
  });

  it('expects no databases of an instance that is on its way in or out', async () => {
    const id = (4).toString(16).padStart(32, '0');
    const found = await platform.server.getDocument(INSTANCES, id);
    if (found === undefined) throw new Error('there is no such instance');
    expect((await run('--domain', 'gone.*')).exitCode).to.equal(1);
    await platform.server.putDocument(INSTANCES, { ...found, deleting: true });
    const { stdout, exitCode } = await run('--domain', 'gone.*');
    expect(stdout).to.equal('');
    expect(exitCode).to.equal(0);
  });

  it('shows no credentials and no query of a source, in whatever form', async () => {
    const source = 'https://ann:t0ken@host.example/agenda.tar?key=s3cret';
    await putApps('token.example.org', [{ ...app('agenda', '1.0.0'), source }]);
    for (const flags of [[], ['--domains'], ['--json'], ['--domains', '--json']]) {
      const { stdout } = await run('--domain', 'token.*', ...flags);
      expect(stdout).to.contain('https://[masked]@host.example/agenda.tar?[masked]').and.not.contain('ann');
      expect(stdout).to.not.match(/t0ken|s3cret/);
    }
  });

  it('refuses what is no condition before it asks anything', async () => {
    const { stderr, exitCode } = await run('--where', 'drive<latest');
    expect(stderr).to.contain('--where').and.contain('is no version');
    expect(exitCode).to.equal(2);
  });
});
