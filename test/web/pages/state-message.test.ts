import { expect } from 'chai';
import type { HostAnswer } from '../../../src/web/host-answer.ts';
import { pageTexts } from '../../../src/web/pages/page-texts.ts';
import { stateMessage } from '../../../src/web/pages/state-message.ts';

const instance = {
  id: 'x',
  domain: 'a.example.org',
  oldDomain: undefined,
  locale: 'en',
  contextName: undefined,
};
const english = pageTexts('en');
const blocked = (reason: string) => stateMessage({ state: 'blocked', instance, reason }, english);

describe('stateMessage', () => {
  for (const [state, status] of [
    ['provisioning', 503],
    ['moved', 410],
    ['onboarding', 200],
    ['ready', 200],
  ] as const) {
    it(`has the status ${status} for ${state}`, () => {
      expect(stateMessage({ state, instance }, english).status).to.equal(status);
    });
  }

  it('has a status for hosts without an instance', () => {
    const answers: HostAnswer[] = [
      { state: 'unknown' },
      { state: 'renamed', domain: 'b' },
      { state: 'unsure' },
    ];
    const statuses = answers.map((answer) => stateMessage(answer, english).status);
    expect(statuses).to.deep.equal([404, 404, 503]);
  });

  it('says when to come again only of what passes by itself', () => {
    const answers: HostAnswer[] = [
      { state: 'provisioning', instance },
      { state: 'unsure' },
      { state: 'moved', instance },
      { state: 'blocked', instance, reason: 'MOVING' },
      { state: 'unknown' },
    ];
    const said = answers.map((answer) => stateMessage(answer, english).retryAfterSeconds !== undefined);
    expect(said).to.deep.equal([true, true, false, false, false]);
  });

  it('has 402 for a payment that is missing, and 503 for all other blocks', () => {
    const reasons = [
      'PAYMENT_FAILED',
      'LOGIN_FAILED',
      'IMPORTING',
      'MOVING',
      'UNKNOWN',
      '',
      'payment_failed',
    ];
    expect(reasons.map((reason) => blocked(reason).status)).to.deep.equal([
      402, 503, 503, 503, 503, 503, 503,
    ]);
  });

  it('has words of our own for the reasons of a stack, and quotes all others', () => {
    expect(blocked('LOGIN_FAILED')).to.include(english.blocked.login).and.not.have.property('quote');
    expect(blocked('')).to.include(english.blocked.unknown);
    expect(blocked('A flood')).to.include({ title: english.blocked.other, quote: 'A flood' });
  });

  it('shows no reason of any length', () => {
    expect(blocked('x'.repeat(100_000)).quote).to.have.length(1_000);
    expect(blocked('x'.repeat(100_000)).detail).to.have.length.below(1_100);
  });
});
