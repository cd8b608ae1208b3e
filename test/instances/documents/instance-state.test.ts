import { expect } from 'chai';
import {
  instanceState,
  passphraseSource,
  stackState,
} from '../../../src/instances/documents/instance-state.ts';
import { finish, reserve } from '../sample-documents.ts';
import { sampleOptions } from '../sample-options.ts';

describe('passphraseSource', () => {
  it('registers what was given', () => {
    expect(passphraseSource(sampleOptions({ hasPassphrase: true }), false)).to.equal('given');
  });

  it('registers nothing when nothing was given', () => {
    expect(passphraseSource(sampleOptions(), false)).to.equal('none');
  });

  it('registers a random one where the context forces OIDC', () => {
    expect(passphraseSource(sampleOptions(), true)).to.equal('random');
  });

  it('registers a random one for FranceConnect and magic links', () => {
    expect(passphraseSource(sampleOptions({ franceconnectId: 'f' }), false)).to.equal('random');
    expect(passphraseSource(sampleOptions({ magicLink: true }), false)).to.equal('random');
  });

  it('prefers the random one to the given one', () => {
    expect(passphraseSource(sampleOptions({ hasPassphrase: true, magicLink: true }), false)).to.equal(
      'random',
    );
  });
});

describe('instanceState', () => {
  const fresh = finish(sampleOptions());

  it('is provisioning for a reservation', () => {
    expect(instanceState(reserve(sampleOptions()))).to.equal('provisioning');
  });

  it('is deleting above all else', () => {
    expect(instanceState({ ...reserve(sampleOptions()), deleting: true })).to.equal('deleting');
  });

  it('is blocked when an operator blocked it', () => {
    expect(instanceState({ ...fresh, onboarding_finished: true, blocked: true })).to.equal('blocked');
  });

  it('is onboarding while the register token is there', () => {
    expect(instanceState(fresh)).to.equal('onboarding');
  });

  it('is onboarded when the owner is in', () => {
    expect(instanceState({ ...fresh, onboarding_finished: true })).to.equal('onboarded');
  });

  it('is pending without token', () => {
    const { register_token: _, ...withoutToken } = fresh;
    expect(instanceState(withoutToken)).to.equal('pending');
  });
});

describe('stackState', () => {
  const fresh = finish(sampleOptions());

  it('tells only whether the owner came in, as the stack does', () => {
    const { register_token: _, ...withoutToken } = fresh;
    expect(stackState({ ...fresh, blocked: true, deleting: true })).to.equal('onboarding');
    expect(stackState({ ...fresh, onboarding_finished: true })).to.equal('onboarded');
    expect(stackState(withoutToken)).to.equal('pending');
  });
});
