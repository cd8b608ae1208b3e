import { expect } from 'chai';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { doneStages, type Progress } from '../../../src/jobs/queue/progress.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { finish } from '../../../src/workers/create/finish.ts';
import { runCreation } from '../../../src/workers/create/run-creation.ts';
import type { Services } from '../../../src/workers/stage/services.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { creationContext } from '../../support/creation-context.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { testServices } from '../../support/test-services.ts';
import { startToldRecorder, type ToldRecorder } from '../../support/told-recorder.ts';

describe('telling the service of common settings of a new instance', () => {
  let test: TestFleet;
  let recorder: ToldRecorder;

  before(async () => {
    test = await startTestFleet({ worker: false });
    recorder = await startToldRecorder();
  });

  after(async () => {
    await recorder.close();
    await test.close();
  });

  /** What an attempt does that finds the instance in use, with the version that is noted then. */
  async function resume(domain: string): Promise<unknown> {
    const settings = { email: 'alice@corp.example' };
    const options = sampleOptions({ domain, settings });
    await finish.run(creationContext(services(), options, await test.instance(domain)));
    return (await test.instance(domain))?.common_settings_version;
  }

  function services(): Services {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    return { ...testServices(test.server, places), commonSettings: recorder.commonSettings };
  }

  /** What a job has recorded in the end whose earlier attempt put the instance into use, could not tell of it, and failed. */
  async function goneOn(name: string): Promise<Progress> {
    const domain = test.domain(name);
    const fields = { _id: reservationId(domain), cli_secret: 'c2VjcmV0', register_token: 'x' };
    const instance = await test.putInstance({ domain, prefix: prefixOf(domain), ...fields });
    const done = { state: 'done', startedAt: 1, ms: 1, tries: 1, generation: 0 } as const;
    const attempt = loneAttempt(
      services(),
      {},
      {
        stages: (['register', 'databases', 'indexes', 'directories', 'settings'] as const).map((stage) => ({
          stage,
          ...done,
        })),
        incarnation: incarnationOf(instance),
        untold: [{ service: 'common settings', problem: 'it was away' }],
      },
    );
    const options = sampleOptions({ domain });
    await runCreation(attempt, { v: 1, kind: 'create', generation: 0, tries: 8, options });
    return attempt.progress();
  }

  async function put(name: string): Promise<string> {
    const domain = test.domain(name);
    await test.putInstance({ domain, prefix: prefixOf(domain), register_token: 'x' });
    return domain;
  }

  it('is done by the attempt after one that died as soon as the instance was in use', async () => {
    const domain = await put('dead-early');
    expect(await resume(domain)).to.equal(1);
    expect(recorder.taken().map(({ method }) => method)).to.deep.equal(['POST']);
  });

  it('is noted by the attempt after one that died when it had told it', async () => {
    const domain = await put('dead-late');
    await resume(domain);
    const { common_settings_version: _, ...untold } = (await test.instance(domain)) ?? {};
    await test.server.putDocument(INSTANCES, { _id: '', ...untold });
    recorder.taken();
    expect(await resume(domain)).to.equal(1);
    expect(recorder.taken().map(({ method }) => method)).to.deep.equal(['POST', 'GET']);
  });

  it('is not said to be left out any more once a later attempt has done it', async () => {
    const progress = await goneOn('told-late');
    expect(doneStages(progress)).to.include('finish');
    expect(progress).not.to.have.property('untold');
  });

  it('is said to be left out for the reason that the last attempt had', async () => {
    recorder.failing.set('/', 503);
    const { untold } = await goneOn('told-never').finally(() => recorder.failing.clear());
    expect(untold).to.have.lengthOf(1);
    expect(untold?.[0]?.problem).to.include('503');
  });

  it('is not noted where somebody else has told it otherwise', async () => {
    const domain = await put('other');
    recorder.kept.set(domain.split('.')[0] ?? '', { version: 1, payload: { language: 'de' } });
    expect(await resume(domain)).to.equal(undefined);
  });
});
