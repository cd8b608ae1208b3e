import { expect } from 'chai';
import { keepRunning, type Running } from '../../src/up/keep-running.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';

/** A stand-in for a process, which ends when the test says so. */
function standIn(pid: number): Running & { end(): void } {
  let end: () => void = () => undefined;
  const exited = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { pid, exited, end, close: async () => end() };
}

describe('keepRunning', () => {
  function keeping(failures: number[] = []) {
    const started: ReturnType<typeof standIn>[] = [];
    const said: string[] = [];
    let attempts = 0;
    const stop = new AbortController();
    const kept = keepRunning({
      name: 'it',
      signal: stop.signal,
      say: (text) => said.push(text),
      start: async () => {
        attempts += 1;
        if (failures.includes(attempts)) throw new Error('no luck');
        const next = standIn(started.length + 1);
        started.push(next);
        return next;
      },
    });
    return { kept, started, said, stop };
  }

  it('starts again what ended', async () => {
    const { kept, started, said } = keeping();
    const { stop } = await kept;
    started[0]?.end();
    await until('it runs again', () => started.length === 2);
    await stop();
    expect(said).to.deep.equal(['it ended unexpectedly (process 1)', 'it runs again (process 2)']);
  });

  it('tries again when that fails', async () => {
    const { kept, started, said } = keeping([2]);
    const { stop } = await kept;
    started[0]?.end();
    await until('it runs again', () => started.length === 2);
    await stop();
    expect(said).to.include('it could not be started again: no luck');
  });

  it('throws when the first start fails', async () => {
    const { kept } = keeping([1]);
    expect(await thrownBy(kept)).to.have.property('message', 'no luck');
  });

  it('starts nothing again once it was stopped', async () => {
    const { kept, started, said } = keeping();
    await (await kept).stop();
    expect(started).to.have.length(1);
    expect(said).to.deep.equal([]);
  });

  it('starts nothing again once all is to stop', async () => {
    const { kept, started, said, stop } = keeping();
    const running = await kept;
    stop.abort();
    started[0]?.end();
    await running.stop();
    expect(started).to.have.length(1);
    expect(said).to.deep.equal([]);
  });
});
