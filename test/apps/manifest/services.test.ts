import { expect } from 'chai';
import { scheduleOf } from '../../../src/apps/manifest/services.ts';

describe('the trigger of a service', () => {
  it('is its kind and the rest', () => {
    expect(scheduleOf({ trigger: '@cron  0 0 7 * * 1 ' })).to.deep.equal({
      type: '@cron',
      arguments: '0 0 7 * * 1',
    });
  });

  for (const trigger of ['', '@at 2000-01-01T00:00:00.000Z']) {
    it(`is none when it says ${JSON.stringify(trigger)}`, () => {
      expect(scheduleOf({ trigger })).to.equal(undefined);
    });
  }
});
