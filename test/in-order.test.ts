import { expect } from 'chai';
import { inOrder } from '../src/in-order.ts';
import { thrownBy } from './support/thrown-by.ts';

async function* numbers(last: number): AsyncGenerator<number> {
  for (let number = 1; number <= last; number += 1) yield number;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('work on several items at a time', () => {
  it('gives results in the order of the items, though a later one is faster', async () => {
    let letFirstGo = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      letFirstGo = resolve;
    });
    const results = inOrder(numbers(3), 3, async function* (item) {
      if (item === 1) await first;
      if (item === 3) letFirstGo();
      yield `${item}a`;
      yield `${item}b`;
    });
    expect(await all(results)).to.deep.equal(['1a', '1b', '2a', '2b', '3a', '3b']);
  });

  it('begins no more than so many, and goes no further than the first result of each', async () => {
    const begun: number[] = [];
    const beyond: number[] = [];
    const results = inOrder(numbers(9), 3, async function* (item) {
      begun.push(item);
      yield item;
      beyond.push(item);
    });
    await results.next();
    expect({ begun, beyond }).to.deep.equal({ begun: [1, 2, 3], beyond: [] });
    await results.return();
  });

  it('tells those under way when nobody wants more, and waits for them', async () => {
    const ended: number[] = [];
    const results = inOrder(numbers(9), 3, async function* (item, signal) {
      try {
        yield item;
      } finally {
        ended.push(item);
        expect(item === 1 || signal.aborted).to.equal(true);
      }
    });
    await results.next();
    await results.return();
    expect(ended).to.deep.equal([1, 2, 3]);
  });

  it('throws what a work throws when its turn has come', async () => {
    const seen: number[] = [];
    async function drain(): Promise<void> {
      const work = inOrder(numbers(4), 4, async function* (item) {
        if (item === 3) throw new Error('broken');
        yield item;
      });
      for await (const item of work) seen.push(item);
    }
    expect(await thrownBy(drain())).to.have.property('message', 'broken');
    expect(seen).to.deep.equal([1, 2]);
  });
});
