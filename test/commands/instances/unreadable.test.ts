import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';

/** Documents that no stack could read, by their ids, with the field that is wrong. */
const NASTY: readonly (readonly [id: string, field: string, fields: Record<string, unknown>])[] = [
  ['number', 'domain', { domain: 42 }],
  ['nobody', 'domain', { prefix: prefixOf('gone.org') }],
  ['list', 'domain', { domain: ['a.example.org'] }],
  ['blank', 'domain', { domain: '' }],
  ['prefix', 'prefix', { domain: 'five.example.org', prefix: 5 }],
  ['aliases', 'domain_aliases', { domain: 'alias.example.org', domain_aliases: 'lonely.example.org' }],
  ['alias', 'domain_aliases[0]', { domain: 'aliases.example.org', domain_aliases: [7] }],
  ['former', 'old_domain', { domain: 'former.example.org', old_domain: {} }],
  ['negative', 'couch_cluster', { domain: 'negative.example.org', couch_cluster: -1 }],
  ['half', 'couch_cluster', { domain: 'half.example.org', couch_cluster: 0.5 }],
  ['text', 'couch_cluster', { domain: 'text.example.org', couch_cluster: '0' }],
  ['secret', 'cli_secret', { domain: 'secret.example.org', cli_secret: 9 }],
  ['flag', 'deleting', { domain: 'flag.example.org', deleting: 'yes' }],
  ['features', 'feature_sets', { domain: 'features.example.org', feature_sets: { a: 1 } }],
  ['other-case', 'Prefix', { domain: 'other-case.example.org', Prefix: 'cozy' }],
];

describe('commands beside documents that cannot be read', () => {
  let platform: CliPlatform;

  const put = (document: CouchDocument) => platform.server.putDocument(INSTANCES, document);

  async function state(): Promise<unknown> {
    const documents = await platform.server.allDocuments(INSTANCES, { includeDocs: true });
    const databases = await platform.server.listDatabases('');
    return [documents, databases, (await readdir(platform.config.storage.root)).sort()];
  }

  before(async () => {
    platform = await startPlatform({ ownProcess: true });
    await platform.startWorker();
    for (const domain of ['alice.example.org', 'bob.example.org']) {
      const { exitCode, stderr } = await platform.run('instances', 'add', domain);
      expect(exitCode, stderr).to.equal(0);
    }
    for (const [_id, , fields] of NASTY) await put({ _id, ...fields });
    // As a stack reads it, for what is null is absent.
    await put({ _id: 'null', domain: 'null.example.org', prefix: null, domain_aliases: null, locale: 'en' });
    await platform.server.createDatabase(`${prefixOf('gone.org')}/io-cozy-files`);
    await platform.server.createDatabase(`${prefixOf('orphan.org')}/io-cozy-files`);
    await mkdir(join(platform.config.storage.root, 'orphan.org', '.cozy_trash'), { recursive: true });
  });

  after(() => platform.close());

  function namesEach(text: string): void {
    for (const [id, field] of NASTY)
      expect(text, `${id}: ${field}`).to.match(new RegExp(`${id}.*${field.replace('[', '\\[')}`));
  }

  const READABLE = ['alice.example.org', 'bob.example.org', 'null.example.org'];

  for (const flags of [[], ['--json'], ['--format', 'csv'], ['--format', 'table']]) {
    it(`ls ${flags.join(' ')} lists the others, and names each once`, async () => {
      const { stdout, stderr, exitCode } = await platform.run('instances', 'ls', ...flags);
      expect(exitCode).to.equal(0);
      for (const domain of READABLE) expect(stdout).to.contain(domain);
      expect(stdout).not.to.contain('negative.example.org');
      namesEach(stderr);
      expect(stderr.trim().split('\n')).to.have.length(NASTY.length);
    });
  }

  it('count counts the others, and names each', async () => {
    const { stdout, stderr, exitCode } = await platform.run('instances', 'count');
    expect([stdout, exitCode]).to.deep.equal(['3 instances\n', 0]);
    namesEach(stderr);
  });

  it('count --json gives them with the number', async () => {
    const { stdout } = await platform.run('instances', 'count', '--json');
    const { count, unreadable } = JSON.parse(stdout);
    expect(count).to.equal(3);
    expect(unreadable.map(({ id }: { id: string }) => id)).to.have.members(NASTY.map(([id]) => id));
  });

  it('fsck --all has a finding for each, and goes on past them', async () => {
    const { stdout, exitCode } = await platform.run('instances', 'fsck', '--all');
    expect(exitCode).to.equal(1);
    const findings = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const unreadable = findings.filter(({ type }) => type === 'unreadable_document');
    expect(unreadable.map(({ id, field }) => `${id} ${field}`)).to.have.members(
      NASTY.map(([id, field]) => `${id} ${field}`),
    );
    expect(findings.some(({ domain }) => domain === 'null.example.org')).to.equal(true);
  });

  it('fsck of one has that finding', async () => {
    const { stdout, exitCode } = await platform.run('instances', 'fsck', 'five.example.org');
    expect(exitCode).to.equal(1);
    expect(JSON.parse(stdout)).to.include({ type: 'unreadable_document', id: 'prefix', field: 'prefix' });
  });

  for (const argv of [
    ['show', 'five.example.org'],
    ['show-db-prefix', 'five.example.org'],
    ['modify', 'five.example.org', '--locale', 'fr'],
    ['set-passphrase', 'five.example.org', 'correct horse battery staple'],
    ['set-disk-quota', 'five.example.org', '5GB'],
    ['destroy', 'five.example.org', '--force'],
    ['repair', 'five.example.org'],
    ['install-apps', 'five.example.org', '--apps', 'drive'],
    ['add', 'five.example.org'],
    ['add', 'lonely.example.org'],
    ['add', 'new.example.org', '--domain-aliases', 'lonely.example.org'],
    ['modify', 'alice.example.org', '--domain-aliases', 'lonely.example.org'],
  ]) {
    it(`${argv.join(' ')} is refused, and names document and field`, async () => {
      const before = await state();
      const { stderr, exitCode } = await platform.run('instances', ...argv);
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/document (prefix|aliases) .*(prefix|domain_aliases)/);
      expect(await state()).to.deep.equal(before);
    });
  }

  it('a batch by name fails for those alone', async () => {
    const before = await state();
    const { stderr, stdout, exitCode } = await platform.run(
      ...['instances', 'destroy', 'five.example.org', 'negative.example.org', '--force', '--wait', '30s'],
    );
    expect(exitCode, stdout + stderr).to.equal(1);
    const shown = await platform.run('batches', 'ls');
    expect(shown.stdout).to.contain('2');
    expect(await state()).to.deep.equal(before);
  });

  it('a batch by filter passes over them, and its exit code tells', async () => {
    const { stderr, exitCode } = await platform.run(
      ...['instances', 'modify', '--domain', 'alice.*', '--locale', 'fr', '--force', '--wait', '30s'],
    );
    expect(exitCode, stderr).to.equal(68);
    namesEach(stderr);
    const { stdout } = await platform.run('instances', 'ls', '--locale', 'fr', '--fields', 'domain');
    expect(stdout).to.equal('alice.example.org\n');
  });

  it('fsck --orphans lists what nobody could mean, and says of whom nobody can tell', async () => {
    const { stdout, stderr, exitCode } = await platform.run(
      ...['instances', 'fsck', '--orphans', '--orphans-wait', '0s'],
    );
    expect(exitCode).to.equal(1);
    expect(stdout).to.contain(prefixOf('orphan.org')).and.to.contain('"orphan.org"');
    expect(stdout).not.to.contain(prefixOf('gone.org'));
    namesEach(stdout + stderr);
  });
});
