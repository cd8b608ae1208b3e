import { expect } from 'chai';
import { createSharedLook } from '../src/shared-look.ts';
import { thrownBy } from './support/thrown-by.ts';

describe('a look that is shared', () => {
  it('is made once for all who want it at a time', async () => {
    let looks = 0;
    const look = createSharedLook(async () => ++looks, 0, 1_000);
    expect(await Promise.all([look.look(), look.look()])).to.deep.equal([1, 1]);
    expect(await look.look()).to.equal(2);
  });

  it('counts for a moment', async () => {
    let looks = 0;
    const look = createSharedLook(async () => ++looks, 60_000, 1_000);
    await look.look();
    expect(await look.look()).to.equal(1);
  });

  it('is waited for no longer than it may take, and not begun again while it has no end', async () => {
    let looks = 0;
    let end = (_found: number): void => undefined;
    const work = () => {
      looks += 1;
      return new Promise<number>((resolve) => {
        end = resolve;
      });
    };
    const look = createSharedLook(work, 0, 5);
    for (const _ of [1, 2]) {
      expect(await thrownBy(look.look()))
        .to.have.property('message')
        .that.includes('no answer within');
    }
    expect(looks).to.equal(1);
    end(7);
    await new Promise(setImmediate);
    const next = look.look();
    end(8);
    expect(await next).to.equal(8);
  });
});
