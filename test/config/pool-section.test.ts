import { expect } from 'chai';
import { poolSection } from '../../src/config/pool-section.ts';

describe('the section of the pool', () => {
  it('fills it from its half on, and leaves a tenth to single creations', () => {
    expect(poolSection.parse({ size: 25 })).to.deep.equal({ size: 25, low: 13, reserve: 3 });
  });

  it('takes the marks and the window that are given', () => {
    const given = { size: 40, low: 0, reserve: 0, window: '22:00-06:00 Europe/Paris' };
    expect(poolSection.parse(given)).to.deep.equal(given);
  });

  it('refuses marks above the size, and names them', () => {
    const wrong = poolSection.safeParse({ size: 10, low: 11, reserve: 12 });
    expect(wrong.error?.issues.map(({ path }) => path.join('.'))).to.deep.equal(['low', 'reserve']);
  });

  it('refuses hours without a time zone, and keys that are none of it', () => {
    for (const fields of [{ window: '22:00-06:00' }, { window: 'at night' }, { sizes: 3 }, { size: -1 }]) {
      expect(poolSection.safeParse({ size: 10, ...fields }).success, JSON.stringify(fields)).to.equal(false);
    }
  });
});
