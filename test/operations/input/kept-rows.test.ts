import { expect } from 'chai';
import { createKeptRows } from '../../../src/operations/input/kept-rows.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('rows that are kept', () => {
  it('are no more than the disk is to bear', async () => {
    const kept = await createKeptRows<{ readonly domain: string }>(100);
    try {
      await kept.add({ domain: `${'a'.repeat(100)}.example.org` });
      expect(await thrownBy(kept.end())).to.be.instanceOf(Error);
    } finally {
      await kept.close();
    }
  });
});
