import { expect } from 'chai';
import { settingsDocument } from '../../../src/instances/documents/settings-document.ts';
import { goldenDocument } from '../golden.ts';

describe('settingsDocument', () => {
  it('is the one a stack wrote', () => {
    const settings = {
      tz: 'Europe/Paris',
      email: 'alice@example.org',
      public_name: 'Alice Martin',
      phone: '+33612345678',
      offer: 'premium',
    };
    expect(settingsDocument({ settings })).to.deep.equal(
      goldenDocument('full', 'io-cozy-settings', 'io.cozy.settings.instance'),
    );
  });

  it('is just an id without settings', () => {
    expect(settingsDocument({ settings: {} })).to.deep.equal({ _id: 'io.cozy.settings.instance' });
  });

  it('keeps its id whatever the settings say', () => {
    expect(settingsDocument({ settings: { _id: 'other' } })._id).to.equal('io.cozy.settings.instance');
  });
});
