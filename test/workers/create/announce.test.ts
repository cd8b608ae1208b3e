import { expect } from 'chai';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { finish } from '../../../src/workers/create/finish.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { creationContext } from '../../support/creation-context.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
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
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const { commonSettings } = recorder;
    const services = { ...testServices(test.server, places), commonSettings };
    const settings = { email: 'alice@corp.example' };
    const options = sampleOptions({ domain, settings });
    await finish.run(creationContext(services, options, await test.instance(domain)));
    return (await test.instance(domain))?.common_settings_version;
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

  it('is not noted where somebody else has told it otherwise', async () => {
    const domain = await put('other');
    recorder.kept.set(domain.split('.')[0] ?? '', { version: 1, payload: { language: 'de' } });
    expect(await resume(domain)).to.equal(undefined);
  });
});
