import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import { classifyDocument, requireReadable } from '../../../src/instances/lookup/classify-document.ts';
import { cpuClock } from '../../support/cpu-time.ts';

describe('a document of global/instances', () => {
  const document = (fields: object): StoredDocument => ({
    _id: 'id',
    _rev: '1-a',
    domain: 'a.example.org',
    ...fields,
  });

  function faultOf(fields: object): string {
    const result = classifyDocument(document(fields));
    return result.readable ? 'none' : `${result.unreadable.field} ${result.unreadable.problem}`;
  }

  for (const [fields, fault] of [
    [{}, 'none'],
    [{ domain: undefined }, 'domain is missing'],
    [{ domain: null }, 'domain is missing'],
    [{ domain: '' }, 'domain is empty'],
    [{ domain: 42 }, 'domain is not a text'],
    [{ prefix: 5 }, 'prefix is not a text'],
    [{ prefix: null }, 'none'],
    [{ prefix: '' }, 'none'],
    [{ domain_aliases: [] }, 'none'],
    [{ domain_aliases: null }, 'none'],
    [{ domain_aliases: 'x' }, 'domain_aliases is not a list of texts'],
    [{ domain_aliases: ['x', 7] }, 'domain_aliases[1] is not a text'],
    [{ domain_aliases: [null] }, 'domain_aliases[0] is not a text'],
    [{ old_domain: {} }, 'old_domain is not a text'],
    [{ couch_cluster: 0 }, 'none'],
    [{ couch_cluster: 2 }, 'none'],
    [{ couch_cluster: -1 }, 'couch_cluster is below 0'],
    [{ couch_cluster: 0.5 }, 'couch_cluster is not a whole number'],
    [{ couch_cluster: '1' }, 'couch_cluster is not a whole number'],
    [{ couch_cluster: 1e300 }, 'couch_cluster is not a whole number'],
    [{ swift_cluster: true }, 'swift_cluster is not a whole number'],
    [{ indexes_version: 38.5 }, 'indexes_version is not a whole number'],
    [{ context: [] }, 'context is not a text'],
    [{ org_domain: 1 }, 'org_domain is not a text'],
    [{ locale: 1 }, 'locale is not a text'],
    [{ feature_sets: 'x' }, 'feature_sets is not a list of texts'],
    [{ feature_flags: { any: { thing: 1 } } }, 'none'],
    [{ feature_flags: [] }, 'feature_flags is not an object'],
    [{ deleting: 1 }, 'deleting is neither true nor false'],
    [{ password_defined: null }, 'none'],
    [{ password_defined: 'no' }, 'password_defined is neither true nor false'],
    [{ cli_secret: 9 }, 'cli_secret is not a text'],
    [{ register_token: {} }, 'register_token is not a text'],
    [{ passphrase_hash: false }, 'passphrase_hash is not a text'],
    [{ from_the_future: { any: 'thing' } }, 'none'],
    [
      { 'domain_alia\u017fes': [] },
      'domain_alia\u017fes stands for domain_aliases, whose name is in another case',
    ],
    [{ 'bloc\u212aed': true }, 'bloc\u212aed stands for blocked, whose name is in another case'],
    [{ Prefix: 'cozy' }, 'Prefix stands for prefix, whose name is in another case'],
  ] as const) {
    it(`${JSON.stringify(fields)}: ${fault}`, () => {
      expect(faultOf(fields)).to.equal(fault);
    });
  }

  it('is result in time, however much is wrong with it', () => {
    const elapsed = cpuClock();
    const many = Array.from({ length: 1_000_000 }, () => 7);
    expect(faultOf({ domain_aliases: many })).to.equal('domain_aliases[0] is not a text');
    expect(elapsed()).to.be.below(1_000);
  });

  it('is without its nulls, and with all that nobody knows', () => {
    const fields = { prefix: null, domain_aliases: null, unknown: null, other: [1] };
    const instance = requireReadable(classifyDocument(document(fields)));
    const { prefix: _null, domain_aliases: _none, ...kept } = document(fields);
    expect(instance).to.deep.equal({ ...kept, locale: '', password_defined: null });
  });

  it('is not changed by being read', () => {
    const given = document({ prefix: null });
    classifyDocument(given);
    expect(given).to.deep.equal(document({ prefix: null }));
  });

  it('that cannot be read is refused by id and field, and its value is told to nobody', () => {
    const result = classifyDocument(document({ cli_secret: ['s3cret'] }));
    expect(() => requireReadable(result))
      .to.throw(/document id of global\/instances cannot be read: cli_secret is not a text/)
      .with.property('code', 'unreadable');
    expect(JSON.stringify(result)).to.not.contain('s3cret');
  });
});
