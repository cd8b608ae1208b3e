import { expect } from 'chai';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import { connectCouch } from '../../../src/couchdb/server.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import { hasNamesView, idsByAnyReading, isKnownAlone } from '../../../src/instances/lookup/name-census.ts';
import type { PossibleOwners } from '../../../src/instances/lookup/owner-index.ts';
import { createPrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';

const NAMES = ['alice.example', 'alice.alias'];
const OURS = { _id: 'ours', _rev: '2-b' };

/** What an index knows that read these documents. */
async function knowing(...documents: CouchDocument[]): Promise<PossibleOwners> {
  const server = connectCouch({ url: 'http://127.0.0.1:1', connections: 1 });
  const changes = async () => ({
    changes: documents.map((doc) => ({ id: doc._id, doc })),
    lastSequence: '1',
  });
  return await createPrefixIndex({ ...server, changes }).refresh();
}

const ours = (fields: object = {}) => ({
  ...OURS,
  domain: 'alice.example',
  domain_aliases: ['alice.alias'],
  ...fields,
});

describe('the documents that could have a name', () => {
  for (const [what, fields] of [
    ['a domain', { domain: 'alice.alias' }],
    ['an alias', { domain: 'bob.example', domain_aliases: ['alice.alias'] }],
    ['a former domain', { domain: 'bob.example', old_domain: 'alice.example' }],
    ['the prefix of its databases', { domain: 'bob.example', prefix: prefixOf('alice.example') }],
    ['a name that CouchDB takes for it', { domain: 'ali\u200bce.example' }],
    ['a name in a document without a domain', { domain_aliases: 'bob.example, alice.alias' }],
  ] as const) {
    it(`are those with it as ${what}`, async () => {
      const owners = await knowing({ _id: 'other', ...fields }, { _id: 'third', domain: 'carol.example' });
      expect([...idsByAnyReading(owners, NAMES)]).to.deep.equal(['other']);
    });
  }

  it('are none that were deleted', async () => {
    expect(idsByAnyReading(await knowing(), NAMES).size).to.equal(0);
  });
});

describe('a document', () => {
  it('is known as the only one with its names at its revision', async () => {
    expect(isKnownAlone(await knowing(ours()), OURS, NAMES)).to.equal(true);
  });

  it('is known as the only one at a later revision', async () => {
    expect(isKnownAlone(await knowing(ours({ _rev: '10-a' })), OURS, NAMES)).to.equal(true);
  });

  for (const [what, documents] of [
    ['is not there', []],
    ['was read in an earlier revision', [ours({ _rev: '1-z' })]],
    ['has no revision that can be read', [ours({ _rev: 'x' })]],
    ['has another name by now', [ours({ domain: 'moved.example', domain_aliases: [] })]],
    ['is not alone', [ours(), { _id: 'other', domain: 'bob.example', domain_aliases: ['alice.alias'] }]],
    ['is not alone for CouchDB', [ours(), { _id: 'other', domain: 'ali\u200bce.example' }]],
  ] as const) {
    it(`is not known as the only one where it ${what}`, async () => {
      expect(isKnownAlone(await knowing(...documents), OURS, NAMES)).to.equal(false);
    });
  }
});

describe('the view of names', () => {
  it('is known from its design document', async () => {
    expect(hasNamesView(await knowing({ _id: '_design/domain-and-aliases', _rev: '1-a' }))).to.equal(true);
    expect(hasNamesView(await knowing(ours()))).to.equal(false);
  });
});
