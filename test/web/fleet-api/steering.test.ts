import { Writable } from 'node:stream';
import { expect } from 'chai';
import { openLog } from '../../../src/logger.ts';
import { createSteering, type Steering } from '../../../src/web/fleet-api/steering.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

const ASKER = { ip: '192.0.2.7' };

describe('what the operator does with batches and jobs', () => {
  let platform: TestFleet;
  let steering: Steering;
  let logged = '';

  before(async () => {
    platform = await startTestFleet({ worker: false });
    const stream = new Writable({
      write(chunk, _encoding, done) {
        logged += String(chunk);
        done();
      },
    });
    const log = openLog({ format: 'json', level: 'info', stream });
    steering = createSteering({ log, fleet: async () => platform.fleet });
  });

  beforeEach(() => {
    logged = '';
  });

  after(() => platform?.close());

  async function batch(): Promise<string> {
    return await platform.fleet.batches.create({ kind: 'create', name: 'x', reason: '', by: 'x', total: 1 });
  }

  const expectLogged = (...parts: string[]) => {
    for (const part of parts) expect(logged).to.contain(part);
  };

  it('is logged of a batch that is stopped, with who wanted it and why', async () => {
    const id = await batch();
    await steering.cancelBatch(ASKER, id, 'the wrong file');
    expectLogged('batch cancelled', id, ASKER.ip, 'the wrong file');
  });

  it('is logged of a batch that is tried again', async () => {
    const id = await batch();
    await steering.retryBatch(ASKER, id, '');
    expectLogged('batch retried', id, ASKER.ip);
  });

  it('is logged of a job that is stopped, which is told why', async () => {
    const jobId = await platform.submit({ domain: platform.domain('stopped') });
    await steering.cancelJob(ASKER, jobId, 'not wanted');
    expectLogged('job cancelled', jobId, ASKER.ip, 'not wanted');
    const { redis, keys } = platform.fleet;
    expect(await redis.get(keys.cancel(jobId))).to.equal(`operator@${ASKER.ip} (not wanted)`);
  });
});
