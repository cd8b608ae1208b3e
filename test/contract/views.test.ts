import { expect } from 'chai';
import { at, couchUnderTest } from './couch-under-test.ts';

const DESIGN = {
  _id: '_design/domain-and-aliases',
  language: 'javascript',
  views: {
    'domain-and-aliases': {
      map: `function(doc) {
        emit(doc.domain);
        if (Array.isArray(doc.domain_aliases)) {
          for (var i = 0; i < doc.domain_aliases.length; i++) { emit(doc.domain_aliases[i]); }
        }
      }`,
    },
    sizes: { map: 'function(doc) { if (doc.size) { emit(doc.kind, doc.size); } }', reduce: '_sum' },
    count: { map: 'function(doc) { if (doc.kind) { emit([doc.kind, doc._id], 1); } }', reduce: '_count' },
    failing: { map: 'function(doc) { emit(doc.kind.missing.deeper); }' },
  },
};

const DOCS = [
  { _id: '1', domain: 'alice.example', domain_aliases: ['a.example'], kind: 'x', size: 2 },
  { _id: '2', domain: 'bob.example', kind: 'x', size: 3 },
  { _id: '3', domain: 'carol.example', kind: 'y', size: 4 },
];

describe('contract: views', () => {
  const couch = couchUnderTest();
  let name = '';

  before(async () => {
    name = await couch.newDatabase();
    await couch.post(at(name, '_bulk_docs'), { docs: [DESIGN, ...DOCS] });
  });

  const view = (query: string, of = 'domain-and-aliases') =>
    couch.get(at(name, `_design/domain-and-aliases/_view/${of}?${query}`));

  it('finds by key', async () => {
    const answer = await view('key="bob.example"');
    expect(answer.status).to.equal(200);
    expect(answer.pluck('rows', 'id')).to.deep.equal(['2']);
  });

  it('finds a document by each key it emitted', async () => {
    expect((await view('key="a.example"')).pluck('rows', 'id')).to.deep.equal(['1']);
    expect((await view('key="alice.example"')).pluck('rows', 'id')).to.deep.equal(['1']);
  });

  it('finds nothing for an unknown key', async () => {
    expect((await view('key="nobody.example"')).list('rows')).to.deep.equal([]);
  });

  it('includes documents', async () => {
    const answer = await view('key="bob.example"&include_docs=true&limit=1');
    expect(answer.list('rows')[0]).to.have.nested.property('doc.domain', 'bob.example');
  });

  it('gives null for a value that was not emitted', async () => {
    expect((await view('key="bob.example"')).list('rows')[0]).to.deep.equal({
      id: '2',
      key: 'bob.example',
      value: null,
    });
  });

  it('counts all rows whatever is asked for', async () => {
    expect((await view('limit=1')).body).to.include({ total_rows: 4 });
  });

  it('lists in order of key, with limit, skip and backwards', async () => {
    expect((await view('limit=2')).pluck('rows', 'key')).to.deep.equal(['a.example', 'alice.example']);
    expect((await view('limit=1&skip=1')).pluck('rows', 'key')).to.deep.equal(['alice.example']);
    expect((await view('descending=true&limit=1')).pluck('rows', 'key')).to.deep.equal(['carol.example']);
  });

  it('lists a range', async () => {
    const answer = await view('startkey="alice.example"&endkey="bob.example"');
    expect(answer.pluck('rows', 'key')).to.deep.equal(['alice.example', 'bob.example']);
  });

  it('finds by several keys given in the body', async () => {
    const answer = await couch.post(at(name, '_design/domain-and-aliases/_view/domain-and-aliases'), {
      keys: ['carol.example', 'nobody.example', 'a.example'],
    });
    expect(answer.pluck('rows', 'id')).to.deep.equal(['3', '1']);
  });

  it('finds by several keys given in the query', async () => {
    const keys = encodeURIComponent(JSON.stringify(['carol.example', 'a.example']));
    expect((await view(`keys=${keys}`)).pluck('rows', 'id')).to.deep.equal(['3', '1']);
  });

  it('sums', async () => {
    expect((await view('', 'sizes')).list('rows')).to.deep.equal([{ key: null, value: 9 }]);
  });

  it('sums by key', async () => {
    expect((await view('group=true', 'sizes')).list('rows')).to.deep.equal([
      { key: 'x', value: 5 },
      { key: 'y', value: 4 },
    ]);
  });

  it('counts by the first part of a key', async () => {
    expect((await view('group_level=1', 'count')).list('rows')).to.deep.equal([
      { key: ['x'], value: 2 },
      { key: ['y'], value: 1 },
    ]);
  });

  it('lists the rows of a view that reduces when told not to', async () => {
    expect((await view('reduce=false', 'sizes')).pluck('rows', 'value')).to.deep.equal([2, 3, 4]);
  });

  it('leaves out documents on which the map function fails', async () => {
    expect((await view('', 'failing')).list('rows')).to.deep.equal([]);
  });

  it('follows changes and deletions', async () => {
    const made = await couch.put(at(name, 'later'), { domain: 'dan.example' });
    expect((await view('key="dan.example"')).list('rows')).to.have.length(1);
    await couch.delete(`${at(name, 'later')}?rev=${made.text('rev')}`);
    expect((await view('key="dan.example"')).list('rows')).to.have.length(0);
  });

  it('answers 404 for a view that is not there', async () => {
    const { status, body } = await view('', 'none');
    expect(status).to.equal(404);
    expect(body).to.deep.equal({ error: 'not_found', reason: 'missing_named_view' });
  });

  it('answers 404 for a design document that is not there', async () => {
    const { status, body } = await couch.get(at(name, '_design/none/_view/none'));
    expect(status).to.equal(404);
    expect(body).to.deep.equal({ error: 'not_found', reason: 'missing' });
  });
});
