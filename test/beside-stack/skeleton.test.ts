import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { creation, enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { waitForJob } from '../../src/jobs/queue/wait-for-job.ts';
import { type AppRegistry, startAppRegistry } from '../support/app-registry.ts';
import { Cleanup } from '../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { type RealStack, startRealStack } from '../support/real-stack.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis } from '../support/servers.ts';
import { orderOf, putSkeleton } from '../support/skeletons.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// Runs where both are given: COUCHDB_URL, a CouchDB that the stack works on, and STACK_BIN, the program of a stack.
const { STACK_BIN: program, COUCHDB_URL: couchUrl } = process.env;

/** More than are written at one time, in folders, with the names that people give. */
const CONTENTS = {
  'common/Photos/chat été.txt': 'cat',
  'common/Administrative/Terms.pdf': '%PDF-1.4',
  'common/Manual.url': '[InternetShortcut]\nURL=https://example.org/\n',
  'common/empty/': '',
  'fr/Lisez-moi.txt': 'Bienvenue',
  'en/Read me.txt': 'Welcome',
  ...Object.fromEntries(
    Array.from({ length: 60 }, (_, at): [string, string] => [`common/many/${at % 7}/${at}.txt`, `${at}`]),
  ),
};

describe('first files beside a running stack', function () {
  this.timeout(10 * 60_000);
  const suite = new Cleanup();
  let registry: AppRegistry;
  let test: TestFleet;
  let stack: RealStack;
  let skeleton: string;

  before(async function () {
    if (!program || !couchUrl) {
      this.skip();
      return;
    }
    registry = suite.add(await startAppRegistry(), (each) => each.close());
    const redis = suite.add(await startTestRedis(), (each) => each.close());
    const target = redisAt(redis.url);
    const configure: NonNullable<Parameters<typeof startTestFleet>[0]>['configure'] = (config) => ({
      ...config,
      stackRedis: { jobs: target, lock: target },
    });
    test = suite.add(await startTestFleet({ configure }), (each) => each.close());
    const shared = {
      program,
      couchUrl,
      storageRoot: test.storageRoot,
      redisUrl: redis.url,
      registryUrl: registry.url,
    };
    stack = suite.add(await startRealStack(shared), (each) => each.close());
    skeleton = suite.add(await temporaryDirectory('skeleton'), (each) => each.remove()).path;
    await putSkeleton(skeleton, CONTENTS);
  });

  after(() => suite.run());

  /** Makes an instance with the skeleton. @returns how its job ended */
  async function make(domain: string, locale: string) {
    const request = await test.request({ domain, locale });
    const options = { ...request.options, skeleton: await orderOf(skeleton) };
    const { jobId } = await enqueueJob(test.fleet, creation({ ...request, tries: 1, options }));
    return await waitForJob(test.fleet, jobId, { signal: AbortSignal.timeout(5 * 60_000) });
  }

  const findings = async (domain: string) => (await stack.cli('check', 'fs', domain)).trim();

  for (const locale of ['fr', 'en']) {
    it(`leave nothing for the stack's check of files to find, in ${locale}`, async () => {
      const domain = test.domain(`first-${locale}`);
      expect(await make(domain, locale)).to.include({ state: 'done', outcome: 'created' });
      expect(await findings(domain)).to.equal('');
    });
  }

  it('can be listed and moved by the stack', async () => {
    const domain = test.domain('read');
    expect(await make(domain, 'fr')).to.include({ state: 'done', outcome: 'created' });
    const listed = await stack.cli('files', 'exec', 'ls /', '--domain', domain);
    expect(listed).to.include('Lisez-moi.txt').and.to.include('Manual.url').and.to.not.include('Read me.txt');
    await stack.cli('files', 'exec', 'mv /Lisez-moi.txt /moved.txt', '--domain', domain);
    expect(await readFile(join(test.storageRoot, domain, 'moved.txt'), 'utf8')).to.equal('Bienvenue');
    expect(await findings(domain)).to.equal('');
  });

  it('leave nothing to find where one of them was changed while they were copied', async () => {
    const domain = test.domain('halfway');
    test.beforeStage('skeleton 0', () => putSkeleton(skeleton, { 'fr/Lisez-moi.txt': 'changed' }));
    expect(await make(domain, 'fr')).to.include({ state: 'failed', code: 'skeleton' });
    expect(await findings(domain)).to.equal('');
  });
});
