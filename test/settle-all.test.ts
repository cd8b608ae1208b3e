import { expect } from 'chai';
import { settleAll } from '../src/settle-all.ts';
import { thrownBy } from './support/thrown-by.ts';

describe('waiting for all of some work', () => {
  /** Work that ends when it is told to. */
  function pending<T>() {
    let resolve = (_value: T): void => undefined;
    let reject = (_error: Error): void => undefined;
    const ended = new Promise<T>((onEnd, onFailure) => {
      resolve = onEnd;
      reject = onFailure;
    });
    return { ended, resolve, reject };
  }

  /** Whether it has ended once all that is due was run. */
  async function hasEnded(work: Promise<unknown>): Promise<boolean> {
    let isOver = false;
    const note = (): void => {
      isOver = true;
    };
    work.then(note, note);
    await new Promise((resolve) => setImmediate(resolve));
    return isOver;
  }

  it('gives what each came to, in the order given', async () => {
    const slow = pending<string>();
    const all = settleAll([slow.ended, Promise.resolve('second')]);
    slow.resolve('first');
    expect(await all).to.deep.equal(['first', 'second']);
  });

  it('is over at once where there is none', async () => {
    expect(await settleAll([])).to.deep.equal([]);
  });

  it('does not end before what still runs after a failure', async () => {
    const failure = new Error('failed');
    const slow = pending<void>();
    const all = settleAll([Promise.reject(failure), slow.ended]);
    expect(await hasEnded(all)).to.equal(false);
    slow.resolve();
    expect(await thrownBy(all)).to.equal(failure);
  });

  it('throws what comes first in the order given, whatever failed first', async () => {
    const [one, other] = [pending<void>(), pending<void>()];
    const all = settleAll([one.ended, other.ended]);
    const thrown = thrownBy(all);
    other.reject(new Error('second'));
    expect(await hasEnded(all)).to.equal(false);
    const first = new Error('first');
    one.reject(first);
    expect(await thrown).to.equal(first);
  });
});
