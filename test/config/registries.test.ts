import { expect } from 'chai';
import { registriesFor, withDefaultRegistries } from '../../src/config/registries.ts';

describe('registries', () => {
  it('are the public one when nothing is configured', () => {
    expect(registriesFor(withDefaultRegistries({}), 'beta')).to.deep.equal([
      'https://apps-registry.cozycloud.cc/',
    ]);
  });

  it('of an unknown context, or of none, are those of default', () => {
    const registries = withDefaultRegistries({ default: ['https://a/'], beta: ['https://b/'] });
    expect(registriesFor(registries, 'other')).to.deep.equal(['https://a/']);
    expect(registriesFor(registries, undefined)).to.deep.equal(['https://a/']);
    expect(registriesFor(registries, 'constructor')).to.deep.equal(['https://a/']);
  });

  it('are asked once each, even where default repeats one', () => {
    const registries = withDefaultRegistries({ default: ['https://a/', 'https://b/'], beta: ['https://b/'] });
    expect(registriesFor(registries, 'beta')).to.deep.equal(['https://b/', 'https://a/']);
  });

  it('are none where the list was emptied', () => {
    const registries = withDefaultRegistries({ default: [], example: ['https://e/'] });
    expect(registriesFor(registries, undefined)).to.deep.equal([]);
    expect(registriesFor(registries, 'other')).to.deep.equal([]);
    expect(registriesFor(registries, 'example')).to.deep.equal(['https://e/']);
    expect(registriesFor(withDefaultRegistries({ closed: [] }), 'closed')).to.deep.equal([]);
  });

  it('of a context kept apart do not end with the public one', () => {
    const registries = withDefaultRegistries({ closed: ['https://closed/'] });
    expect(registriesFor(registries, 'closed')).to.deep.equal(['https://closed/']);
  });
});
