import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import {
  failureLimit,
  failureLimitText,
  parseSteering,
  rateText,
  type SteeringTexts,
} from '../../../src/operations/batches/steering-input.ts';

const CLOCK = { now: Date.parse('2026-11-27T12:00:00Z'), zone: 'UTC' };

function read(texts: SteeringTexts, mayClear = true) {
  return parseSteering(texts, CLOCK, mayClear);
}

describe('how a batch is to be held back', () => {
  it('is read from what was typed, and nothing else is touched', () => {
    expect(read({})).to.deep.equal({ steering: {} });
    expect(read({ canary: '5', concurrency: '8', maxFailures: '0' })).to.deep.equal({
      steering: { canary: 5, concurrency: 8 },
      maxFailures: 0,
    });
  });

  for (const [text, perSecond] of [
    ['5', 5],
    ['10/s', 10],
    ['0.5/s', 0.5],
    ['90/m', 1.5],
    ['720/h', 0.2],
  ] as const) {
    it(`takes a rate of ${text}`, () => {
      expect(read({ rate: text }).steering.rate).to.equal(perSecond);
    });
  }

  it('reads times in the zone that was named, else in that of the machine', () => {
    const paris = read({ at: '22:00', timeZone: 'Europe/Paris' }).steering.notBefore;
    expect(paris).to.equal(Date.parse('2026-11-27T21:00:00Z'));
    expect(read({ at: '11:00' }).steering.notBefore).to.equal(Date.parse('2026-11-28T11:00:00Z'));
    expect(read({ between: '22:00-06:00' }).steering.window).to.deep.equal({
      from: '22:00',
      until: '06:00',
      zone: 'UTC',
    });
  });

  it('takes limits away by name', () => {
    const texts = { canary: 'none', concurrency: 'none', rate: 'none', between: 'none', at: 'now' };
    const { steering, maxFailures } = read({ ...texts, maxFailures: 'none' });
    expect(steering).to.deep.equal({
      canary: null,
      concurrency: null,
      rate: null,
      window: null,
      notBefore: null,
    });
    expect(maxFailures).to.equal(null);
    expect(read({ at: 'none' }).steering).to.deep.equal({ notBefore: null });
  });

  for (const [flag, texts] of [
    ['--canary', { canary: '0' }],
    ['--canary', { canary: '1001' }],
    ['--concurrency', { concurrency: '-3' }],
    ['--concurrency', { concurrency: '1e3' }],
    ['--rate', { rate: '0/s' }],
    ['--rate', { rate: '0.00001/h' }],
    ['--rate', { rate: '10001' }],
    ['--rate', { rate: '5/d' }],
    ['--max-failures', { maxFailures: '101%' }],
    ['--max-failures', { maxFailures: '-1' }],
    ['--at', { at: '24:00' }],
    ['--between', { between: '22:00-22:00' }],
    ['--time-zone', { at: '22:00', timeZone: 'Mars/Olympus' }],
    ['--time-zone', { timeZone: 'UTC' }],
  ] as const) {
    it(`refuses ${JSON.stringify(texts)}, with the flag`, () => {
      expect(() => read(texts))
        .to.throw(InputError)
        .with.nested.property('place.column', flag);
    });
  }

  it('takes nothing away where nothing is set so far', () => {
    expect(() => read({ rate: 'none' }, false)).to.throw(InputError);
    expect(() => read({ at: 'now' }, false)).to.throw(InputError);
  });
});

describe('a limit of failures', () => {
  it('is a number, or a share that is rounded down', () => {
    expect(failureLimit(3, 500)).to.deep.equal({ maxFailures: 3 });
    expect(failureLimit({ percent: 5 }, 99)).to.deep.equal({ maxFailures: 4, maxFailuresPercent: 5 });
    expect(failureLimit({ percent: 5 }, 3).maxFailures).to.equal(0);
  });

  it('is shown both ways', () => {
    expect(failureLimitText(failureLimit({ percent: 5 }, 500))).to.equal('25 (5 % of the rows)');
    expect(failureLimitText(failureLimit(7, 500))).to.equal('7');
  });
});

describe('a rate in words', () => {
  for (const text of ['10/s', '100/m', '90/m', '500/h', '1/h']) {
    it(`is as it was typed: ${text}`, () => {
      const { rate } = parseSteering({ rate: text }, CLOCK, false).steering;
      expect(rateText(rate ?? 0)).to.equal(text);
    });
  }

  it('is rounded where it is none that anybody would type', () => {
    expect(rateText(1.23456)).to.equal('1.23/s');
    expect(rateText(1 / 86_400)).to.equal('0.04/h');
  });
});
