import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { signalWithin } from '../src/signal-within.ts';

describe('a signal that ends in time', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');

  /** Why it ended; garbage is collected meanwhile, as in a process that has work to do. */
  async function endOf(make: () => AbortSignal): Promise<unknown> {
    const busy = setInterval(collectGarbage, 5);
    try {
      const signal = make();
      if (!signal.aborted) await once(signal, 'abort');
      return signal.reason;
    } finally {
      clearInterval(busy);
    }
  }

  it('ends when its time is over, whatever is collected meanwhile', async () => {
    const other = new AbortController();
    expect(await endOf(() => signalWithin(100, other.signal))).to.include({ name: 'TimeoutError' });
    expect(await endOf(() => signalWithin(100))).to.include({ name: 'TimeoutError' });
  });

  it('does so also behind another combination', async () => {
    const other = new AbortController();
    const either = AbortSignal.any([other.signal, new AbortController().signal]);
    expect(await endOf(() => signalWithin(100, either))).to.include({ name: 'TimeoutError' });
  });

  it('ends with the other signal before that', async () => {
    const other = new AbortController();
    const ended = endOf(() => signalWithin(60_000, other.signal));
    other.abort('enough');
    expect(await ended).to.equal('enough');
    expect(signalWithin(60_000, other.signal).aborted).to.equal(true);
  });
});
