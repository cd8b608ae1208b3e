import { expect } from 'chai';
import { createHasOneCopy } from '../../../src/instances/lookup/has-one-copy.ts';

describe('whether documents are on one node only', () => {
  let asked: number;

  beforeEach(() => {
    asked = 0;
  });

  const serverWith = (copies: number | undefined) => ({
    async databaseFacts() {
      asked += 1;
      return { documents: 0, madeAt: '0', copies, sequence: '0' };
    },
  });

  for (const [copies, expected] of [
    [1, true],
    [3, false],
    [undefined, false],
  ] as const) {
    it(`is ${expected} where CouchDB says ${copies ?? 'nothing of copies'}`, async () => {
      expect(await createHasOneCopy(serverWith(copies))()).to.equal(expected);
    });
  }

  it('is asked again after a minute', async () => {
    let now = 0;
    const hasOneCopy = createHasOneCopy(serverWith(1), () => now);
    await hasOneCopy();
    now = 59_000;
    await hasOneCopy();
    expect(asked).to.equal(1);
    now = 60_000;
    await hasOneCopy();
    expect(asked).to.equal(2);
  });
});
