import { expect } from 'chai';
import { cronOfPeriod, type Period } from '../../../src/apps/manifest/periodic.ts';

describe('a trigger that leaves its time to the stack', () => {
  const LAST = 1 - 2 ** -40;

  const windows: readonly [Period, string, string, string][] = [
    ['hourly', '', '0 0 * * * *', '59 59 * * * *'],
    ['daily', '', '0 0 0 * * *', '59 59 23 * * *'],
    ['daily', 'before 5am', '0 0 0 * * *', '59 59 4 * * *'],
    ['daily', 'after 10pm', '0 0 22 * * *', '59 59 23 * * *'],
    ['daily', 'between 12am and 12pm', '0 0 0 * * *', '59 59 11 * * *'],
    ['daily', ' between  8am and 6pm ', '0 0 8 * * *', '59 59 17 * * *'],
    ['weekly', '', '0 0 0 * * 0', '59 59 23 * * 6'],
    ['weekly', 'on mon,wed,friday', '0 0 0 * * 1', '59 59 23 * * 5'],
    ['weekly', 'on fri-mon', '0 0 0 * * 5', '59 59 23 * * 1'],
    ['weekly', 'on weekday before 9am', '0 0 0 * * 1', '59 59 8 * * 5'],
    ['weekly', 'on weekend', '0 0 0 * * 0', '59 59 23 * * 6'],
    ['monthly', '', '0 0 0 1 * *', '59 59 23 28 * *'],
    ['monthly', 'on the 1-5,16 after 10pm', '0 0 22 1 * *', '59 59 23 16 * *'],
  ];

  for (const [period, text, first, last] of windows) {
    it(`runs ${period} from ${first} to ${last} for ${JSON.stringify(text)}`, () => {
      expect(cronOfPeriod(period, text, 0)).to.equal(first);
      expect(cronOfPeriod(period, text, LAST)).to.equal(last);
    });
  }

  it('goes through the days, and through the hours of each', () => {
    expect(cronOfPeriod('weekly', 'on mon,tue between 8am and 10am', 0.75)).to.equal('0 0 9 * * 2');
  });

  const refused: readonly [Period, string][] = [
    ['daily', 'on monday'],
    ['daily', 'at noon'],
    ['daily', 'before 17'],
    ['daily', 'before 13pm'],
    ['daily', 'beforehand 5am'],
    ['daily', 'after 6pm before 8am'],
    ['weekly', 'on'],
    ['weekly', 'on tues'],
    ['weekly', 'on fri-fri'],
    ['weekly', 'on the 1'],
    ['monthly', 'on monday'],
    ['monthly', 'on the 32'],
    ['monthly', 'on the 5-1,7'],
  ];

  for (const [period, text] of refused) {
    it(`is refused when it is to run ${period} ${JSON.stringify(text)}`, () => {
      expect(cronOfPeriod(period, text, 0)).to.equal(undefined);
    });
  }
});
