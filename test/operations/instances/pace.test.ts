import { expect } from 'chai';
import { startPace } from '../../../src/operations/instances/pace.ts';

describe('a pace', () => {
  it('spreads work evenly', () => {
    const pace = startPace(4, () => 1_000);
    expect([pace(), pace(), pace()]).to.deep.equal([0, 250, 500]);
  });

  it('counts the time that has passed, and never asks for the past', () => {
    let time = 0;
    const pace = startPace(10, () => time);
    pace();
    time = 60;
    expect(pace()).to.equal(40);
    time = 1_000;
    expect(pace()).to.equal(0);
  });
});
