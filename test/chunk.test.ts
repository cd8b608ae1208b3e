import { expect } from 'chai';
import { chunks, oneAhead, slices } from '../src/chunk.ts';
import { thrownBy } from './support/thrown-by.ts';

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('chunks', () => {
  it('have all items in their order, the last chunk the rest', async () => {
    expect(await allOf(chunks([1, 2, 3, 4, 5], 2))).to.deep.equal([[1, 2], [3, 4], [5]]);
    expect(await allOf(chunks([], 2))).to.deep.equal([]);
  });
});

describe('slices', () => {
  it('have all of a list in its order, the last one the rest', () => {
    expect([...slices([1, 2, 3, 4, 5], 2)]).to.deep.equal([[1, 2], [3, 4], [5]]);
    expect([...slices([], 2)]).to.deep.equal([]);
  });
});

describe('items that are asked for one ahead', () => {
  const asked: number[] = [];
  let isClosed = false;

  async function* numbers(most: number): AsyncGenerator<number> {
    try {
      for (let number = 1; number <= most; number += 1) {
        asked.push(number);
        yield number;
      }
    } finally {
      isClosed = true;
    }
  }

  beforeEach(() => {
    asked.length = 0;
    isClosed = false;
  });

  it('are all there, in their order', async () => {
    expect(await allOf(oneAhead(numbers(4)))).to.deep.equal([1, 2, 3, 4]);
    expect(isClosed).to.equal(true);
  });

  it('are no more than one ahead', async () => {
    for await (const number of oneAhead(numbers(4))) {
      expect(asked).to.deep.equal([1, 2, 3, 4].slice(0, number + 1));
    }
  });

  it('are asked for no more, and their source is closed, once nobody wants them', async () => {
    for await (const number of oneAhead(numbers(9))) if (number === 2) break;
    expect(asked).to.deep.equal([1, 2, 3]);
    expect(isClosed).to.equal(true);
  });

  it('fail when the turn of the failure has come', async () => {
    const got: number[] = [];
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw new Error('no more');
    }
    const all = async () => {
      for await (const number of oneAhead(failing())) got.push(number);
    };
    expect(await thrownBy(all())).to.have.property('message', 'no more');
    expect(got).to.deep.equal([1]);
  });
});
