import { expect } from 'chai';
import { at, couchUnderTest } from './couch-under-test.ts';

describe('contract: many documents at once', () => {
  const couch = couchUnderTest();
  let name = '';

  beforeEach(async () => {
    name = await couch.newDatabase();
  });

  const bulk = (docs: unknown[]) => couch.post(at(name, '_bulk_docs'), { docs });

  it('writes documents in one request, answering in their order', async () => {
    const answer = await bulk([{ _id: 'b' }, { _id: 'a' }]);
    expect(answer.status).to.equal(201);
    expect(answer.list().map(({ id, ok }) => [id, ok])).to.deep.equal([
      ['b', true],
      ['a', true],
    ]);
  });

  it('gives ids to documents without one', async () => {
    const [row] = (await bulk([{ n: 1 }])).list();
    expect(row?.['id']).to.match(/^[0-9a-f]{32}$/);
  });

  it('tells of a conflict in its row, and writes the others', async () => {
    await couch.put(at(name, 'there'), {});
    const answer = await bulk([{ _id: 'there' }, { _id: 'new' }]);
    expect(answer.status).to.equal(201);
    expect(answer.list()[0]).to.deep.equal({
      id: 'there',
      error: 'conflict',
      reason: 'Document update conflict.',
    });
    expect(answer.list()[1]).to.include({ id: 'new', ok: true });
    expect((await couch.get(at(name, 'new'))).status).to.equal(200);
  });

  it('changes and deletes', async () => {
    const [one, two] = (await bulk([{ _id: 'one' }, { _id: 'two' }])).list();
    await bulk([
      { _id: 'one', _rev: one?.['rev'], n: 2 },
      { _id: 'two', _rev: two?.['rev'], _deleted: true },
    ]);
    expect((await couch.get(at(name, 'one'))).body).to.include({ n: 2 });
    expect((await couch.get(at(name, 'two'))).status).to.equal(404);
  });

  it('writes design documents among others', async () => {
    const answer = await bulk([{ _id: '_design/d', views: {} }, { _id: 'plain' }]);
    expect(answer.list().map(({ ok }) => ok)).to.deep.equal([true, true]);
    expect((await couch.get(at(name, '_design/d'))).status).to.equal(200);
  });

  it('refuses a body without documents', async () => {
    expect((await couch.post(at(name, '_bulk_docs'), {})).status).to.equal(400);
  });

  it('takes nothing at all', async () => {
    const { status, body } = await bulk([]);
    expect(status).to.equal(201);
    expect(body).to.deep.equal([]);
  });

  it('writes 2,000 documents', async () => {
    const docs = Array.from({ length: 2000 }, (_, n) => ({ _id: `d${n}`, text: 'x'.repeat(500) }));
    expect((await bulk(docs)).list().every(({ ok }) => ok === true)).to.equal(true);
    expect((await couch.get(at(name))).body).to.include({ doc_count: 2000 });
  });

  it('lists documents in order of id', async () => {
    await bulk([{ _id: 'b' }, { _id: 'c' }, { _id: 'a' }]);
    expect((await couch.get(at(name, '_all_docs'))).pluck('rows', 'id')).to.deep.equal(['a', 'b', 'c']);
  });

  it('lists a range, with a limit and backwards', async () => {
    await bulk([{ _id: 'a' }, { _id: 'b' }, { _id: 'c' }, { _id: 'd' }]);
    const ids = async (query: string) =>
      (await couch.get(at(name, `_all_docs?${query}`))).pluck('rows', 'id');
    expect(await ids('startkey="b"&endkey="c"')).to.deep.equal(['b', 'c']);
    expect(await ids('start_key="b"&limit=2')).to.deep.equal(['b', 'c']);
    expect(await ids('descending=true&limit=1')).to.deep.equal(['d']);
    expect(await ids('skip=3')).to.deep.equal(['d']);
  });

  it('lists documents by their ids, in the order asked, missing ones marked', async () => {
    await bulk([{ _id: 'a' }, { _id: 'b' }]);
    const answer = await couch.post(at(name, '_all_docs'), { keys: ['b', 'none', 'a'] });
    expect(answer.pluck('rows', 'key')).to.deep.equal(['b', 'none', 'a']);
    expect(answer.list('rows')[1]).to.deep.equal({ key: 'none', error: 'not_found' });
  });

  it('marks deleted documents that are asked for', async () => {
    const made = await couch.put(at(name, 'x'), {});
    await couch.delete(`${at(name, 'x')}?rev=${made.text('rev')}`);
    const answer = await couch.post(at(name, '_all_docs?include_docs=true'), { keys: ['x'] });
    expect(answer.list('rows')[0]).to.have.nested.property('value.deleted', true);
    expect(answer.list('rows')[0]).to.have.property('doc', null);
  });

  it('lists with whole documents', async () => {
    await bulk([{ _id: 'a', n: 1 }]);
    const answer = await couch.get(at(name, '_all_docs?include_docs=true'));
    expect(answer.list('rows')[0]).to.have.nested.property('doc.n', 1);
  });

  it('reads documents by a list of ids', async () => {
    await bulk([{ _id: 'a', n: 1 }]);
    const answer = await couch.post(at(name, '_bulk_get'), { docs: [{ id: 'a' }, { id: 'none' }] });
    expect(answer.list('results')[0]).to.have.nested.property('docs[0].ok.n', 1);
    expect(answer.list('results')[1]).to.have.nested.property('docs[0].error.error', 'not_found');
  });
});
