import { expect } from 'chai';
import { at, couchUnderTest } from './couch-under-test.ts';

describe('contract: local and design documents', () => {
  const couch = couchUnderTest();
  let name = '';

  beforeEach(async () => {
    name = await couch.newDatabase();
  });

  it('keeps a local document', async () => {
    const { status, body } = await couch.put(at(name, '_local/cozy-fleet'), { fleet: 'f1' });
    expect(status).to.equal(201);
    expect(body).to.include({ ok: true, id: '_local/cozy-fleet', rev: '0-1' });
    expect((await couch.get(at(name, '_local/cozy-fleet'))).body).to.include({ fleet: 'f1' });
  });

  it('answers 404 for a local document that is not there', async () => {
    const { status, body } = await couch.get(at(name, '_local/none'));
    expect(status).to.equal(404);
    expect(body).to.deep.equal({ error: 'not_found', reason: 'missing' });
  });

  it('changes a local document under its revision', async () => {
    const first = await couch.put(at(name, '_local/x'), { n: 1 });
    await couch.put(at(name, '_local/x'), { _rev: first.text('rev'), n: 2 });
    expect((await couch.get(at(name, '_local/x'))).body).to.include({ n: 2 });
  });

  it('neither lists nor counts local documents', async () => {
    await couch.put(at(name, '_local/x'), {});
    expect((await couch.get(at(name, '_all_docs'))).list('rows')).to.deep.equal([]);
    expect((await couch.get(at(name))).body).to.include({ doc_count: 0 });
  });

  it('deletes a local document', async () => {
    const first = await couch.put(at(name, '_local/x'), {});
    expect((await couch.delete(`${at(name, '_local/x')}?rev=${first.text('rev')}`)).status).to.equal(200);
    expect((await couch.get(at(name, '_local/x'))).status).to.equal(404);
  });

  it('keeps a design document as it was written', async () => {
    const design = { language: 'javascript', views: { v: { map: 'function(doc) { emit(doc._id); }' } } };
    const made = await couch.put(at(name, '_design/d'), design);
    expect(made.status).to.equal(201);
    const { body } = await couch.get(at(name, '_design/d'));
    expect(body).to.deep.equal({ _id: '_design/d', _rev: made.text('rev'), ...design });
  });

  it('finds a design document whose slash is encoded', async () => {
    await couch.put(at(name, '_design/d'), { views: {} });
    expect((await couch.get(at(name, '_design%2Fd'))).status).to.equal(200);
  });

  it('refuses a design document that is there', async () => {
    await couch.put(at(name, '_design/d'), {});
    expect((await couch.put(at(name, '_design/d'), {})).status).to.equal(409);
  });

  it('lists design documents by a range', async () => {
    await couch.put(at(name, '_design/d'), {});
    await couch.put(at(name, 'plain'), {});
    const range = 'startkey="_design/"&endkey="_design0"&include_docs=true';
    const answer = await couch.get(at(name, `_all_docs?${range}`));
    expect(answer.pluck('rows', 'id')).to.deep.equal(['_design/d']);
    expect(answer.list('rows')[0]).to.have.nested.property('doc._id', '_design/d');
  });

  it('lists design documents by their own route', async () => {
    await couch.put(at(name, '_design/d'), {});
    await couch.put(at(name, 'plain'), {});
    expect((await couch.get(at(name, '_design_docs'))).pluck('rows', 'id')).to.deep.equal(['_design/d']);
  });

  it('deletes a design document', async () => {
    const made = await couch.put(at(name, '_design/d'), {});
    expect((await couch.delete(`${at(name, '_design/d')}?rev=${made.text('rev')}`)).status).to.equal(200);
    expect((await couch.get(at(name, '_design/d'))).status).to.equal(404);
  });
});
