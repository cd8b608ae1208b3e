import { expect } from 'chai';
import { createOverloadBrake, type OverloadBrake } from '../../../src/workers/health/overload-brake.ts';
import { until } from '../../support/until.ts';

describe('the overload brake', () => {
  let settings: number[];
  let brake: OverloadBrake;

  function start(full: number, stepMs = 5): OverloadBrake {
    settings = [];
    brake = createOverloadBrake({ full, stepMs, setConcurrency: (value) => void settings.push(value) });
    return brake;
  }

  afterEach(() => brake.stop());

  it('halves the jobs at a time, and gives them back one by one', async () => {
    start(6).slowDown();
    await until('it is at full speed', () => settings.at(-1) === 6);
    expect(settings).to.deep.equal([3, 4, 5, 6]);
  });

  it('takes the many jobs that meet one overload for one', () => {
    start(8, 60_000);
    for (let at = 0; at < 8; at += 1) brake.slowDown();
    expect(settings).to.deep.equal([4]);
  });

  it('leaves one job at least', async () => {
    start(1).slowDown();
    await until('it is at full speed', () => settings.length >= 2);
    expect(settings).to.deep.equal([1, 1]);
  });

  it('brakes again at the next overload', async () => {
    start(2).slowDown();
    await until('it is at full speed', () => settings.at(-1) === 2);
    brake.slowDown();
    expect(settings).to.deep.equal([1, 2, 1]);
  });
});
