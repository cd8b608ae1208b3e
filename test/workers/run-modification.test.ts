import { expect } from 'chai';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { InstanceChanges } from '../../src/instances/options/changes.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { startToldRecorder, type ToldRecorder } from '../support/told-recorder.ts';

describe('a modification', () => {
  let test: TestFleet;
  let recorder: ToldRecorder;
  let domain: string;

  before(async () => {
    recorder = await startToldRecorder();
    const { commonSettings, clouderies } = recorder;
    test = await startTestFleet({ configure: (config) => ({ ...config, commonSettings, clouderies }) });
    domain = test.domain('told');
    await test.create({ domain, uuid: 'u1', email: 'a@corp.example', 'public-name': 'Al Ice' });
  });

  after(async () => {
    await test.close();
    await recorder.close();
  });

  async function modify(changes: InstanceChanges): Promise<unknown> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error('there is no instance');
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    const work = { kind: 'modify', domain, seen, changes } as const;
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 8 });
    return await test.ended(jobId);
  }

  it('tells the services that the worker has configured', async () => {
    recorder.taken();
    expect(await modify({ settings: { email: 'b@corp.example' } })).to.include({ outcome: 'modified' });
    const [nickname] = domain.split('.');
    expect(recorder.taken().map(({ method, url }) => `${method} ${url}`)).to.deep.equal([
      'PUT /cloudery/api/v1/instances/u1?source=stack',
      `GET /api/admin/user/settings/${nickname}`,
      `PUT /api/admin/user/settings/${nickname}`,
    ]);
    expect(await test.instance(domain)).to.include({ common_settings_version: 2 });
  });

  it('ends well where they fail, and says so in its log', async () => {
    recorder.failing.set('/', 500);
    expect(await modify({ settings: { email: 'c@corp.example' } })).to.include({ outcome: 'modified' });
    const lines = test.logLines.filter((line) => line.includes('a service was not told of a change'));
    expect(lines).to.have.lengthOf(2);
    expect(lines.join('')).not.to.match(/token/);
  });
});
