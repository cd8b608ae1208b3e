import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { CouchError } from '../../../src/couchdb/errors.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import type { DestroyPayload } from '../../../src/jobs/kinds/destroy.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { retryJob } from '../../../src/jobs/queue/retry-job.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

describe('destroying an instance', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  async function existing(domain: string): Promise<StoredInstance> {
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} is not there`);
    return found;
  }

  async function change(domain: string, fields: Partial<InstanceDocument>): Promise<void> {
    await test.server.putDocument(INSTANCES, { ...(await existing(domain)), ...fields });
  }

  async function made(name: string): Promise<string> {
    const { domain, end } = await test.create({ domain: test.domain(name) });
    if (end.state !== 'done') throw new Error(`${domain} was not made: ${JSON.stringify(end)}`);
    return domain;
  }

  async function order(domain: string, more: Partial<DestroyPayload> = {}): Promise<string> {
    const { _id: id, cli_secret: secret = '' } = await existing(domain);
    const seen = { id, incarnation: incarnationOf({ cli_secret: secret }) };
    const work = { kind: 'destroy' as const, domain, seen, skipAccounts: false, resume: false, ...more };
    return (await enqueueJob(test.fleet, { work, tries: 2 })).jobId;
  }

  async function destroy(domain: string, more: Partial<DestroyPayload> = {}) {
    return await test.ended(await order(domain, more));
  }

  /** Orders it while no worker runs, and writes into its job that it came that far. */
  async function forged(domain: string, done: readonly string[], markedFrom: string) {
    await test.stopWorker();
    const jobId = await order(domain);
    const job = await test.fleet.queue.getJob(jobId);
    const startedAt = Date.now();
    await job?.updateProgress({
      stages: done.map((stage) => ({ stage, state: 'done', startedAt, tries: 1, generation: 0 })),
      markedFrom,
    });
    await test.startWorker();
    return await test.ended(jobId);
  }

  /** Everything that is there of a domain, to compare. */
  async function everything(domain: string): Promise<unknown> {
    const files = await readdir(join(test.storageRoot, domain), { recursive: true }).catch(() => []);
    return [await test.instance(domain), await test.databases(domain), files.sort()];
  }

  const conflict = () =>
    new CouchError(test.server.host, 'made to fail', { status: 404, error: 'made', reason: 'to fail' });

  it('removes document, databases and files', async () => {
    const domain = await made('gone');
    expect(await destroy(domain)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(await everything(domain)).to.deep.equal([undefined, [], []]);
    expect(await readdir(test.storageRoot)).to.not.include(domain);
  });

  it('shuts everybody out before anything is removed, and keeps what tells its life', async () => {
    const domain = await made('closed');
    const before = await existing(domain);
    let during: StoredInstance | undefined;
    test.beforeStage('databases', async () => {
      during = await existing(domain);
    });
    await destroy(domain);
    expect(during).to.include({ deleting: true, blocked: true, cli_secret: before.cli_secret });
    expect(during?.session_secret).to.not.equal(before.session_secret);
    expect(during?.oauth_secret).to.not.equal(before.oauth_secret);
  });

  it('keeps fields that nobody knows as long as the document is there', async () => {
    const domain = await made('unknown');
    await change(domain, { from_the_future: { kept: true } });
    let during: StoredInstance | undefined;
    test.beforeStage('unregister', async () => {
      during = await existing(domain);
    });
    await destroy(domain);
    expect(during?.['from_the_future']).to.deep.equal({ kept: true });
  });

  it('removes databases that a request brought back in the meantime', async () => {
    const domain = await made('revived');
    test.beforeStage('unregister', async () => {
      await test.server.createDatabase(`${prefixOf(domain)}/io-cozy-settings`);
    });
    await destroy(domain);
    expect(await test.databases(domain)).to.deep.equal([]);
  });

  it('removes the databases of the prefix that the document has, whatever the domain', async () => {
    const domain = test.domain('renamed');
    const prefix = prefixOf(test.domain('former'));
    await test.putInstance({ domain, prefix, cli_secret: 'eA==' });
    await test.server.createDatabase(`${prefix}/io-cozy-files`);
    await test.server.createDatabase(`${prefixOf(domain)}/io-cozy-files`);
    try {
      expect(await destroy(domain)).to.include({ state: 'done' });
      expect(await test.server.listDatabases(`${prefix}/`)).to.deep.equal([]);
      expect(await test.databases(domain), 'of the computed name').to.have.length(1);
    } finally {
      await test.server.deleteDatabase(`${prefixOf(domain)}/io-cozy-files`);
    }
  });

  it('is refused while another document has the same prefix, and touches nothing', async () => {
    const domain = await made('shared');
    const other = test.domain('twin');
    await test.putInstance({ domain: other, prefix: prefixOf(domain) });
    const before = await everything(domain);
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'shared_prefix' });
    expect(await everything(domain)).to.deep.equal(before);
  });

  for (const [where, fields, code] of [
    ['Swift', { swift_cluster: 3 }, 'swift'],
    ['S3', { fs_scheme: 's3' }, 'other_storage'],
    ['what nobody knows here', { fs_scheme: 'File' }, 'other_storage'],
  ] as const) {
    it(`is refused for files in ${where}`, async () => {
      const domain = test.domain(code);
      await test.putInstance({ domain, prefix: prefixOf(domain), ...fields });
      expect(await destroy(domain)).to.include({ state: 'failed', code });
      expect(await test.instance(domain)).to.not.have.property('deleting');
      await test.remove(domain);
    });
  }

  it('stops before it removes anything when the files have gone to another storage meanwhile', async () => {
    const domain = await made('migrated');
    test.beforeStage('databases', async () => {
      const instance = await existing(domain);
      await test.server.putDocument(INSTANCES, { ...instance, fs_scheme: 's3' });
    });
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'other_storage' });
    expect(await test.databases(domain)).to.have.length(16);
    expect(await readdir(join(test.storageRoot, domain))).to.include('Photos');
  });

  it('is refused while another document has the same domain, whose files would go', async () => {
    const domain = await made('twice');
    const { prefix = '', cli_secret } = await existing(domain);
    const stale = await test.putInstance({ domain, prefix: `cozy${'c'.repeat(32)}`, cli_secret: 'eA==' });
    const files = await readdir(join(test.storageRoot, domain));
    const seen = { id: stale._id, incarnation: incarnationOf({ cli_secret: 'eA==' }) };
    const work = { kind: 'destroy' as const, domain, seen, skipAccounts: false, resume: false };
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 2 });
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'shared_name' });
    expect(await readdir(join(test.storageRoot, domain))).to.deep.equal(files);
    expect(await test.server.listDatabases(`${prefix}/`)).to.have.length(16);
    await test.server.deleteDocument(INSTANCES, stale._id, stale._rev);
    expect((await existing(domain)).cli_secret).to.equal(cli_secret);
  });

  it('looks once more for others before it removes anything', async () => {
    const domain = await made('shared-later');
    test.beforeStage('databases', async () => {
      await test.putInstance({ domain: test.domain('later'), prefix: prefixOf(domain) });
    });
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'shared_prefix' });
    expect(await test.databases(domain)).to.have.length(16);
  });

  for (const prefix of ['global', 'secrets', 'x']) {
    it(`is refused for the prefix ${prefix}, which is not one of an instance`, async () => {
      const domain = test.domain(`prefix-${prefix}`);
      await test.putInstance({ domain, prefix, cli_secret: 'eA==' });
      expect(await destroy(domain)).to.include({ state: 'failed', code: 'shared_prefix' });
      expect(await test.server.databaseExists(INSTANCES)).to.equal(true);
      expect(await test.instance(domain)).to.not.have.property('deleting');
    });
  }

  it('is refused for a CouchDB cluster that is not configured', async () => {
    const domain = await made('elsewhere');
    await change(domain, { couch_cluster: 3 });
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'wrong_cluster' });
    expect(await test.databases(domain)).to.have.length(16);
    await change(domain, { couch_cluster: 0 });
  });

  it('is refused for a directory that is not one of an instance, and touches nothing', async () => {
    const domain = await made('foreign');
    await rm(join(test.storageRoot, domain), { recursive: true });
    await mkdir(join(test.storageRoot, domain));
    await writeFile(join(test.storageRoot, domain, 'backup.tar'), 'not ours');
    const before = await everything(domain);
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'foreign_files' });
    expect(await everything(domain)).to.deep.equal(before);
  });

  it('is refused for a directory that is a link, whose files would stay', async () => {
    const domain = await made('linked');
    const place = join(test.storageRoot, domain);
    const volume = join(test.storageRoot, `.volume-${domain}`);
    await rename(place, volume);
    await symlink(volume, place);
    const before = await everything(domain);
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'foreign_files' });
    expect(await everything(domain)).to.deep.equal(before);
  });

  it('is refused where somebody else has set the flag', async () => {
    const domain = await made('flagged');
    await change(domain, { deleting: true });
    const before = await everything(domain);
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'deleting' });
    expect(await everything(domain)).to.deep.equal(before);
  });

  it('goes on where its own earlier try has set the flag', async () => {
    const domain = await made('own-flag');
    test.beforeStage('databases', () => {
      throw conflict();
    });
    const jobId = await order(domain);
    expect(await test.ended(jobId)).to.include({ state: 'failed' });
    expect(await test.instance(domain)).to.include({ deleting: true });
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
  });

  it('that is tried again after it was taken back leaves the instance to whoever kept it', async () => {
    const domain = await made('kept');
    test.beforeStage('databases', () => {
      throw conflict();
    });
    const jobId = await order(domain);
    await test.ended(jobId);
    await change(domain, { deleting: false });
    const before = await everything(domain);
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'changed' });
    expect(await everything(domain)).to.deep.equal(before);
  });

  it('that is taken back while it runs stops before anything is removed', async () => {
    const domain = await made('kept-later');
    test.beforeStage('databases', () => change(domain, { deleting: false }));
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'changed' });
    expect(await test.databases(domain)).to.have.length(16);
  });

  it('that is taken back once its databases are gone leaves the files', async () => {
    const domain = await made('kept-files');
    test.beforeStage('storage', () => change(domain, { deleting: false }));
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'changed' });
    expect(await readdir(join(test.storageRoot, domain))).to.include('.cozy_trash');
  });

  it('that is taken back at its end leaves the document', async () => {
    const domain = await made('kept-document');
    test.beforeStage('unregister', () => change(domain, { deleting: false }));
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'changed' });
    expect(await existing(domain)).to.include({ deleting: false });
  });

  for (const stage of ['databases', 'storage'] as const) {
    it(`leaves what another document has come to mean before ${stage} are removed`, async () => {
      const domain = await made(`shared-before-${stage}`);
      let before: unknown;
      test.beforeStage(stage, async () => {
        await test.putInstance({ domain: test.domain(`came-before-${stage}`), prefix: prefixOf(domain) });
        before = await everything(domain);
      });
      expect(await destroy(domain)).to.include({ state: 'failed', code: 'shared_prefix' });
      expect(await everything(domain)).to.deep.equal(before);
    });
  }

  it('removes files that a request brought back in the meantime', async () => {
    const domain = await made('revived-files');
    test.beforeStage('unregister', async () => {
      await mkdir(join(test.storageRoot, domain, '.cozy_trash'), { recursive: true });
    });
    expect(await destroy(domain)).to.include({ state: 'done' });
    expect(await everything(domain)).to.deep.equal([undefined, [], []]);
  });

  it('leaves what a request brought back where another document has come to mean it', async () => {
    const domain = await made('revived-shared');
    const database = `${prefixOf(domain)}/io-cozy-settings`;
    test.beforeStage('unregister', async () => {
      await test.server.createDatabase(database);
      await test.putInstance({ domain: test.domain('came-last'), prefix: prefixOf(domain) });
    });
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'shared_prefix' });
    expect(await test.databases(domain)).to.deep.equal([database]);
  });

  it('that failed in its last stage touches nothing of a next life of the domain', async () => {
    const domain = await made('two-lives');
    test.beforeStage('unregister', () => {
      throw conflict();
    });
    const jobId = await order(domain);
    expect(await test.ended(jobId)).to.include({ state: 'failed' });
    // As an operator does by hand, who then makes the domain anew.
    const { _id, _rev } = await existing(domain);
    await test.server.deleteDocument(INSTANCES, _id, _rev);
    const again = await test.create({ domain });
    expect(again.end).to.include({ state: 'done', outcome: 'created' });
    const before = await everything(domain);
    // The newer job is forgotten: nothing but the document tells the two lives apart.
    await test.fleet.redis.del(test.fleet.keys.name(domain));
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'superseded' });
    expect(await everything(domain)).to.deep.equal(before);
  });

  it('that is cancelled says what is done, and can be tried again', async () => {
    const domain = await made('cancelled');
    await test.stopWorker();
    const jobId = await order(domain);
    await test.fleet.redis.set(test.fleet.keys.cancel(jobId), 'root@ops');
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'cancelled' });
    expect(await test.instance(domain)).to.not.have.property('deleting');
  });

  describe('whose job tells of stages that nobody ran', () => {
    const STAGES = ['mark', 'accounts', 'close', 'outside', 'triggers', 'databases', 'storage'] as const;

    for (const [at, stage] of STAGES.entries()) {
      it(`is refused behind ${stage} where the document has no flag, and touches nothing`, async () => {
        const domain = await made(`forged-${stage}`);
        const before = await everything(domain);
        const end = await forged(domain, STAGES.slice(0, at + 1), '1-a');
        expect(end).to.include({ state: 'failed', code: 'changed' });
        expect(await everything(domain)).to.deep.equal(before);
      });
    }

    it('is refused where another document has its databases, whatever is said to be done', async () => {
      const domain = await made('forged-shared');
      await change(domain, { deleting: true });
      await test.putInstance({ domain: test.domain('forged-twin'), prefix: prefixOf(domain) });
      const before = await everything(domain);
      const end = await forged(domain, STAGES.slice(0, 1), '1-a');
      expect(end).to.include({ state: 'failed', code: 'shared_prefix' });
      expect(await everything(domain)).to.deep.equal(before);
    });

    it('leaves nothing without its document that was said to be gone', async () => {
      const domain = await made('forged-gone');
      await change(domain, { deleting: true });
      expect(await forged(domain, STAGES, '1-a')).to.include({ state: 'done' });
      expect(await everything(domain)).to.deep.equal([undefined, [], []]);
    });
  });

  it('of a domain that nobody had when it was ordered is refused when somebody has it now', async () => {
    await test.stopWorker();
    const domain = test.domain('came-later');
    const work = { kind: 'destroy', domain, skipAccounts: false, resume: false } as const;
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 2 });
    await test.putInstance({ domain, prefix: prefixOf(domain) });
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'changed' });
    expect(await test.instance(domain)).to.not.equal(undefined);
  });

  describe('with an account at another service', () => {
    async function withAccount(name: string): Promise<string> {
      const domain = await made(name);
      const accounts = databaseName(prefixOf(domain), 'io.cozy.accounts');
      await test.server.createDatabase(accounts);
      await test.server.putDocument(accounts, { _id: 'a', account_type: 'bank' });
      const konnectors = databaseName(prefixOf(domain), 'io.cozy.konnectors');
      await test.server.createDatabase(konnectors);
      const manifest = { _id: 'io.cozy.konnectors/bank', slug: 'bank', on_delete_account: 'onDelete.js' };
      await test.server.putDocument(konnectors, manifest);
      return domain;
    }

    it('tells nobody of it where the document has no flag, whatever is said to be done', async () => {
      const domain = await withAccount('forged-account');
      expect(await forged(domain, ['mark'], '1-a')).to.include({ state: 'failed', code: 'changed' });
    });

    it('is refused where no stack can tell that service, and touches nothing', async () => {
      const domain = await withAccount('account');
      const before = await everything(domain);
      const end = await destroy(domain);
      expect(end).to.include({ state: 'failed', code: 'accounts' });
      expect(end).to.have.property('advice').that.contains('--skip-accounts');
      expect(await everything(domain)).to.deep.equal(before);
    });

    it('leaves it at that when it is told to', async () => {
      const domain = await withAccount('skipped-account');
      expect(await destroy(domain, { skipAccounts: true })).to.include({ state: 'done' });
      expect(await everything(domain)).to.deep.equal([undefined, [], []]);
    });
  });
});
