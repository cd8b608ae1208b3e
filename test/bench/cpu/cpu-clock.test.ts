import { expect } from 'chai';
import { type CpuClock, type ProcessName, startClocks, together } from '../../../bench/cpu/cpu-clock.ts';

describe('the clocks of processors', () => {
  function clock(process: ProcessName, ...readings: (number | undefined)[]): CpuClock {
    return { process, read: async () => readings.shift() };
  }

  it('tell what has passed since they were started, each time they are asked', async () => {
    const stop = await startClocks([clock('server', 100, 130, 150), clock('client', 5, 7, 8)]);
    expect([await stop(), await stop()]).to.deep.equal([
      { server: 30, client: 2 },
      { server: 50, client: 3 },
    ]);
  });

  it('say that it is not known rather than 0 where a process has gone', async () => {
    const stop = await startClocks([clock('server', 100, undefined)]);
    expect(await stop()).to.deep.equal({ server: null });
  });

  it('say that it is not known where a process came later', async () => {
    const stop = await startClocks([clock('server', undefined, 100)]);
    expect(await stop()).to.deep.equal({ server: null });
  });

  it('are read with this process between the others, so that reading them is not counted', async () => {
    const order: string[] = [];
    const noted = (process: ProcessName): CpuClock => ({
      process,
      read: async () => {
        order.push(process);
        return 0;
      },
    });
    const stop = await startClocks([noted('client'), noted('server')]);
    await stop();
    expect(order).to.deep.equal(['server', 'client', 'client', 'server']);
  });

  it('are added up', () => {
    expect(together({ server: 3, worker: 4 })).to.equal(7);
  });

  it('have no sum as long as one is not known', () => {
    expect(together({ server: null, worker: 4 })).to.equal(null);
  });
});
