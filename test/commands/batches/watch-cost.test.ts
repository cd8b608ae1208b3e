import { expect } from 'chai';
import { createFollower } from '../../../src/operations/batches/follow-batch.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';

describe('watching a batch', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
  });

  after(() => platform.close());

  async function commandsPerLook(rows: number): Promise<number> {
    const { batches, redis } = platform.fleet;
    const id = await batches.create({ kind: 'create', name: 'x', reason: '', by: 'me', total: rows });
    for (let row = 1; row <= rows; row += 1) {
      await batches.report({
        batchId: id,
        row,
        domain: `d${row}`,
        state: 'waiting',
        generation: 0,
        attempt: 0,
      });
    }
    const follower = createFollower(platform.fleet, id, () => undefined);
    await follower.look();
    const processed = async () =>
      Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
    const before = await processed();
    await follower.look();
    return (await processed()) - before;
  }

  it('costs Redis the same, whatever the size of the batch', async () => {
    expect(await commandsPerLook(5)).to.equal(await commandsPerLook(500));
  });
});
