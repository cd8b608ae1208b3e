import { expect } from 'chai';
import {
  type Progress,
  parseProgress,
  readProgress,
  type StageRecord,
  withStage,
  writeFenced,
} from '../../../src/jobs/queue/progress.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../fixture.ts';

function record(changes: Partial<StageRecord> = {}): StageRecord {
  return { stage: 'register', state: 'done', startedAt: 1, ms: 2, tries: 1, generation: 0, ...changes };
}

describe('progress', () => {
  it('of a job that has not begun is empty', () => {
    expect(readProgress(0)).to.deep.equal({ stages: [] });
  });

  it('that something else wrote counts as none', () => {
    expect(readProgress({ stages: [{ stage: 'dance' }] })).to.deep.equal({ stages: [] });
  });

  it('is read from the field of a job', () => {
    expect(parseProgress(JSON.stringify({ stages: [record()] }))).to.deep.equal({ stages: [record()] });
    for (const text of [null, '0', '', '{']) expect(parseProgress(text)).to.deep.equal({ stages: [] });
  });

  it('keeps one record a stage, and everything else', () => {
    const before: Progress = { stages: [record(), record({ stage: 'databases' })], incarnation: 'abc' };
    const after = withStage(before, record({ tries: 2 }));
    expect(after.incarnation).to.equal('abc');
    expect(after.stages.map(({ stage, tries }) => [stage, tries])).to.deep.equal([
      ['databases', 1],
      ['register', 2],
    ]);
  });

  describe('is written', () => {
    let test: TestQueue;

    before(async () => {
      test = await startTestQueue();
    });

    after(() => test.close());

    const progress: Progress = { stages: [record()] };

    async function write(id: string, token: string): Promise<boolean> {
      const { redis, keys } = test.fleet;
      return await writeFenced(redis, keys, { id, token }, 'progress', progress);
    }

    async function stored(id: string): Promise<unknown> {
      return (await test.fleet.queue.getJob(id))?.progress;
    }

    it('by the one who holds the lock', async () => {
      const { id = '' } = await test.add(payloadFor('holder.org'));
      await test.start('mine');
      expect(await write(id, 'mine')).to.equal(true);
      expect(await stored(id)).to.deep.equal(progress);
    });

    it('by nobody with a stale token', async () => {
      const { id = '' } = await test.add(payloadFor('stale.org'));
      await test.start('mine');
      expect(await write(id, 'stale')).to.equal(false);
      expect(await stored(id)).to.equal(0);
    });

    it('by nobody once the lock has run out', async () => {
      const { id = '' } = await test.add(payloadFor('lost.org'));
      await test.start('mine');
      await test.fleet.redis.del(`${test.fleet.keys.bull(id)}:lock`);
      expect(await write(id, 'mine')).to.equal(false);
    });

    it('by nobody for a job that is gone, which stays gone', async () => {
      expect(await write('gone', 'mine')).to.equal(false);
      expect(await test.fleet.queue.getJob('gone')).to.equal(undefined);
    });
  });
});
