import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { checkFiles } from '../../src/instances/fsck/check-files.ts';
import { creation, enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { Cleanup } from '../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { orderOf, putSkeleton } from '../support/skeletons.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { dumpFiles } from './dump-files.ts';
import { GOLDEN_SKELETON } from './golden-skeleton.ts';

const dumped = z.object({
  document: z.record(z.string(), z.unknown()),
  disk: z.object({ mode: z.string(), sha256: z.string() }).exactOptional(),
});
const dump = z.record(z.string(), dumped);
const golden = z.record(z.string(), dump);

/** What a stack 1.6.58 wrote for the same files, one upload each. */
const RECORDED = golden.parse(JSON.parse(readFileSync(new URL('skeleton.json', import.meta.url), 'utf8')));

/** Directories that a stack of today does not make (`ARCHITECTURE.md` §3.5). */
const OURS_ALONE = ['/Photos/Uploaded from Cozy Photos', '/Photos/Transférées depuis Cozy Photos'];

describe('the first files of an instance beside those of a real stack', () => {
  const suite = new Cleanup();
  let test: TestFleet;

  before(async () => {
    test = suite.add(await startTestFleet(), (each) => each.close());
    const directory = suite.add(await temporaryDirectory('golden-skeleton'), (each) => each.remove());
    await putSkeleton(directory.path, GOLDEN_SKELETON);
    const skeleton = await orderOf(directory.path);
    for (const locale of ['fr', 'en']) {
      const request = await test.request({ domain: test.domain(locale), locale });
      const options = { ...request.options, skeleton };
      const { jobId } = await enqueueJob(test.fleet, creation({ ...request, options }));
      expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
    }
  });

  after(() => suite.run());

  for (const locale of ['fr', 'en']) {
    describe(`in ${locale}`, () => {
      /** As it was recorded. */
      const recorded = `${locale}.example.org`;

      it('have the same documents, and the same bytes on the disk', async () => {
        const domain = test.domain(locale);
        const documents = await test.documents(domain, 'io.cozy.files');
        const files = documents.filter(({ _id }) => !_id.startsWith('_design/'));
        const made = await dumpFiles(files, join(test.storageRoot, domain));
        const ours = dump.parse(JSON.parse(JSON.stringify(made).replaceAll(domain, recorded)));
        for (const path of OURS_ALONE) delete ours[path];
        expect(ours).to.deep.equal(RECORDED[locale]);
      });

      it('are without findings', async () => {
        const domain = test.domain(locale);
        const instance = await test.instance(domain);
        if (instance === undefined) throw new Error(`there is no ${domain}`);
        const storage = fileStorage(test.storageRoot);
        const found = [];
        const checked = { server: test.server, storage, instance };
        for await (const finding of checkFiles(checked, { index: true, files: true })) found.push(finding);
        expect(found).to.deep.equal([]);
      });
    });
  }
});
