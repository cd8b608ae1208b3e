import { expect } from 'chai';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../support/cli-platform.ts';
import { endOf } from '../support/list-end.ts';
import { until } from '../support/until.ts';

describe('apply after a crash', function () {
  this.timeout(180_000);
  let platform: CliPlatform;

  beforeEach(async () => {
    platform = await startPlatform();
    await platform.startWorker();
    const made = await platform.write('made.csv', [
      'domain,locale,context-name',
      ...[...CHANGED, ...GONE].map((domain) => `${domain},en,crash`),
    ]);
    expect((await platform.run('instances', 'add', '--from', made)).exitCode).to.equal(0);
    for (const domain of GONE) {
      const database = databaseName(prefixOf(domain), 'io.cozy.files');
      const root = await platform.server.getDocument(database, 'io.cozy.files.root-dir');
      await platform.server.putDocument(database, {
        ...root,
        _id: 'io.cozy.files.root-dir',
        created_at: '2020-01-01T00:00:00Z',
      });
    }
    await platform.stopWorker();
  });

  afterEach(() => platform.close());

  const NEW = ['n1.crash.org', 'n2.crash.org', 'n3.crash.org'];
  const CHANGED = ['c1.crash.org', 'c2.crash.org'];
  const GONE = ['g1.crash.org', 'g2.crash.org'];

  async function flags(): Promise<string[]> {
    const rows = [...NEW, ...CHANGED];
    const file = await platform.write('list.csv', [
      'domain,locale,context-name',
      ...rows.map((domain) => `${domain},fr,crash`),
      await endOf(platform, rows.length),
    ]);
    return ['apply', '--from', file, '--prune', '--scope', 'context=crash', '--force'];
  }

  /** Domains and locales of all instances, and whether a list has anything to do still. */
  async function expectExact(argv: readonly string[]): Promise<void> {
    const rows = await platform.server.allDocuments(INSTANCES, { includeDocs: true });
    const found = rows.flatMap(({ doc }) =>
      doc?.['domain'] === undefined ? [] : [[doc['domain'], doc['locale']]],
    );
    expect(found.sort()).to.deep.equal([...NEW, ...CHANGED].map((domain) => [domain, 'fr']).sort());
    const again = await platform.run(...argv, '--dry-run', '--json');
    expect(JSON.parse(again.stdout).counts).to.include({ toDo: 0, same: 5 });
  }

  it('goes on where its command was killed while it queued', async () => {
    const argv = await flags();
    const { child, ended } = platform.spawn([...argv, '--async']);
    await until('the batch is there', async () => (await platform.fleet.batches.list(5)).length > 1);
    child.kill('SIGKILL');
    await ended;
    await platform.startWorker();
    const { exitCode, stdout, stderr } = await platform.run(...argv);
    expect(exitCode, stdout + stderr).to.equal(0);
    await expectExact(argv);
  });

  it('goes on where its workers went away in the middle', async () => {
    const argv = await flags();
    expect((await platform.run(...argv, '--async')).exitCode).to.equal(0);
    const [batch] = await platform.fleet.batches.list(1);
    if (batch === undefined) throw new Error('there is no batch');
    await platform.startWorker();
    const ended = async () => {
      const { counts } = await platform.fleet.batches.get(batch.id);
      return counts.done + counts.skipped > 0;
    };
    await until('some rows have ended', ended);
    await platform.stopWorker();
    await platform.startWorker();
    // Beside the first one, whose rows may be done before they are queued again.
    await platform.run(...argv);
    await platform.run('batches', 'watch', batch.id);
    await expectExact(argv);
  });

  it('runs its plan later, and does nothing to what has changed since', async () => {
    const argv = await flags();
    const plan = `${argv[2]}.plan`;
    const planned = await platform.run(...argv, '--dry-run', '--plan-file', plan);
    expect(planned.exitCode, planned.stderr).to.equal(10);
    const changed = await platform.run('instances', 'modify', 'c1.crash.org', '--locale', 'de');
    expect(changed.exitCode, changed.stderr).to.equal(0);
    await platform.startWorker();
    const { exitCode, stdout, stderr } = await platform.run('batches', 'submit', plan, '--force');
    expect(exitCode, stdout + stderr).to.equal(68);
    const { stdout: failed } = await platform.run('batches', 'show', '--use-most-recent', '--failed');
    expect(failed).to.match(/c1\.crash\.org.*changed_since/);
    expect((await platform.run(...argv)).exitCode).to.equal(0);
    await expectExact(argv);
  });
});
