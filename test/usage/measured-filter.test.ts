import { expect } from 'chai';
import { meetsKeptMeasures } from '../../src/usage/measured-filter.ts';

describe('a filter by the space that was measured earlier', () => {
  const one = { _id: 'one', _rev: '1-a', domain: 'one.example.org', locale: 'en', password_defined: true };

  const meets = (usedOver: number, diskUsed: number | undefined, quota?: string) =>
    meetsKeptMeasures(
      { usedOver },
      quota === undefined ? one : { ...one, disk_quota: quota },
      diskUsed === undefined ? {} : { diskUsed },
    );

  it('compares the share itself, and not what is shown of it', () => {
    expect(meets(93.3, 93_350, '100000')).to.equal(true);
    expect(meets(93.3, 93_300, '100000')).to.equal(false);
    expect(meets(0, 1, '100000')).to.equal(true);
  });

  it('compares with the quota that there is now', () => {
    expect(meets(90, 950, '1000')).to.equal(true);
    expect(meets(90, 950, '2000')).to.equal(false);
    expect(meets(90, 950)).to.equal(false);
  });

  it('means none without a quota, whatever was measured', () => {
    expect(meets(90, undefined)).to.equal(false);
  });

  it('cannot tell without the space, or the quota', () => {
    expect(meets(90, undefined, '1000')).to.equal(undefined);
    expect(meets(90, 950, 'much')).to.equal(undefined);
  });
});
