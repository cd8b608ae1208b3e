import { expect } from 'chai';
import { at, couchUnderTest } from './couch-under-test.ts';

describe('contract: documents', () => {
  const couch = couchUnderTest();
  let name = '';

  before(async () => {
    name = await couch.newDatabase();
  });

  const doc = (id: string): string => at(name, encodeURIComponent(id));

  it('makes a document without an id', async () => {
    const answer = await couch.post(at(name), { colour: 'red' });
    expect(answer.status).to.equal(201);
    expect(answer.text('id')).to.match(/^[0-9a-f]{32}$/);
    expect(answer.text('rev')).to.match(/^1-[0-9a-f]{32}$/);
    expect((await couch.get(doc(answer.text('id')))).body).to.include({ colour: 'red' });
  });

  it('makes a document with the id in a POST', async () => {
    const answer = await couch.post(at(name), { _id: 'posted' });
    expect(answer.status).to.equal(201);
    expect(answer.text('id')).to.equal('posted');
  });

  it('makes a document with PUT and reads it back', async () => {
    const made = await couch.put(doc('put'), { list: [1, { two: null }], text: 'é' });
    expect(made.status).to.equal(201);
    const { status, body } = await couch.get(doc('put'));
    expect(status).to.equal(200);
    expect(body).to.deep.equal({ _id: 'put', _rev: made.text('rev'), list: [1, { two: null }], text: 'é' });
  });

  it('answers 404 for a document that never was', async () => {
    const { status, body } = await couch.get(doc('never'));
    expect(status).to.equal(404);
    expect(body).to.deep.equal({ error: 'not_found', reason: 'missing' });
  });

  it('answers HEAD with the revision as entity tag', async () => {
    const made = await couch.put(doc('head'), {});
    const { status, headers } = await couch.send('HEAD', doc('head'));
    expect(status).to.equal(200);
    expect(headers.get('etag')).to.equal(`"${made.text('rev')}"`);
  });

  it('changes a document under its revision', async () => {
    const first = await couch.put(doc('changed'), { n: 1 });
    const second = await couch.put(doc('changed'), { _rev: first.text('rev'), n: 2 });
    expect(second.status).to.equal(201);
    expect(second.text('rev')).to.match(/^2-/);
    expect((await couch.get(doc('changed'))).body).to.include({ n: 2 });
  });

  it('takes the revision from the query as well', async () => {
    const first = await couch.put(doc('query-rev'), {});
    expect((await couch.put(`${doc('query-rev')}?rev=${first.text('rev')}`, {})).status).to.equal(201);
  });

  it('refuses to change a document without its revision', async () => {
    await couch.put(doc('no-rev'), {});
    const { status, body } = await couch.put(doc('no-rev'), {});
    expect(status).to.equal(409);
    expect(body).to.deep.equal({ error: 'conflict', reason: 'Document update conflict.' });
  });

  it('refuses to change a document under an old revision', async () => {
    const first = await couch.put(doc('old-rev'), { n: 1 });
    await couch.put(doc('old-rev'), { _rev: first.text('rev'), n: 2 });
    const { status } = await couch.put(doc('old-rev'), { _rev: first.text('rev'), n: 3 });
    expect(status).to.equal(409);
  });

  it('refuses to put back a document that is gone', async () => {
    const first = await couch.put(doc('gone'), { n: 1 });
    await couch.delete(`${doc('gone')}?rev=${first.text('rev')}`);
    const { status } = await couch.put(doc('gone'), { _rev: first.text('rev'), n: 2 });
    expect(status).to.equal(409);
  });

  it('deletes a document under its revision', async () => {
    const first = await couch.put(doc('deleted'), {});
    const { status, body } = await couch.delete(`${doc('deleted')}?rev=${first.text('rev')}`);
    expect(status).to.equal(200);
    expect(body).to.include({ ok: true, id: 'deleted' });
    const left = await couch.get(doc('deleted'));
    expect(left.status).to.equal(404);
    expect(left.body).to.deep.equal({ error: 'not_found', reason: 'deleted' });
  });

  it('refuses to delete a document without its revision', async () => {
    await couch.put(doc('kept'), {});
    const { status, body } = await couch.delete(doc('kept'));
    expect(status).to.equal(409);
    expect(body).to.include({ error: 'conflict' });
    expect((await couch.get(doc('kept'))).status).to.equal(200);
  });

  it('answers 404 for deleting a document that never was', async () => {
    expect((await couch.delete(doc('never'))).status).to.equal(404);
  });

  it('makes a deleted document anew without a revision', async () => {
    const first = await couch.put(doc('again'), {});
    await couch.delete(`${doc('again')}?rev=${first.text('rev')}`);
    expect((await couch.put(doc('again'), {})).status).to.equal(201);
  });

  for (const id of ['zoé.école.example', '日本語', 'a b+c', 'with/slash', 'per%cent', '😀']) {
    it(`takes the id "${id}"`, async () => {
      const made = await couch.put(doc(id), { mark: id });
      expect(made.status).to.equal(201);
      expect(made.text('id')).to.equal(id);
      expect((await couch.get(doc(id))).body).to.include({ _id: id, mark: id });
    });
  }

  it('takes an id of 500 characters', async () => {
    const id = 'x'.repeat(500);
    expect((await couch.put(doc(id), {})).status).to.equal(201);
    expect((await couch.get(doc(id))).status).to.equal(200);
  });

  it('refuses ids that begin with an underscore', async () => {
    const { status, body } = await couch.put(doc('_own'), {});
    expect(status).to.equal(400);
    expect(body).to.include({ error: 'illegal_docid' });
  });

  it('refuses members that begin with an underscore', async () => {
    const { status, body } = await couch.put(doc('member'), { _own: 1 });
    expect(status).to.equal(400);
    expect(body).to.include({ error: 'doc_validation' });
  });

  it('lets one of several writers under the same revision win', async () => {
    const first = await couch.put(doc('race'), {});
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => couch.put(doc('race'), { _rev: first.text('rev'), n })),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409, 409]);
  });

  it('takes a document of a megabyte', async () => {
    const text = 'é'.repeat(500_000);
    expect((await couch.put(doc('large'), { text })).status).to.equal(201);
    expect((await couch.get(doc('large'))).text('text')).to.have.length(500_000);
  });
});
