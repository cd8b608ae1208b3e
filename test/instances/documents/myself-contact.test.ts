import { expect } from 'chai';
import { myselfContact } from '../../../src/instances/documents/myself-contact.ts';
import { type GoldenName, golden } from '../golden.ts';

function goldenContact(name: GoldenName): unknown {
  const found = golden(name).databases['io-cozy-contacts']?.find((document) => document['me'] === true);
  const { _id, ...contact } = found ?? { _id: undefined };
  return contact;
}

describe('myselfContact', () => {
  it('is the one a stack wrote for a named owner', () => {
    const contact = myselfContact({
      email: 'alice@example.org',
      publicName: 'Alice Martin',
      cozyUrl: 'https://full.example.org',
    });
    expect(contact).to.deep.equal(goldenContact('full'));
  });

  it('is the one a stack wrote for an unknown owner', () => {
    expect(myselfContact({ cozyUrl: 'https://minimal.example.org' })).to.deep.equal(goldenContact('minimal'));
  });

  it('is named after the email where there is no public name', () => {
    const contact = myselfContact({ email: 'bob@example.org', cozyUrl: 'https://b.example.org' });
    expect(contact).to.include({ fullname: 'bob', displayName: 'bob@example.org' });
  });

  it('takes empty texts for missing ones', () => {
    const cozyUrl = 'https://b.example.org';
    expect(myselfContact({ email: '', publicName: '', cozyUrl })).to.deep.equal(myselfContact({ cozyUrl }));
  });
});
