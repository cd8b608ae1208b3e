import { expect } from 'chai';
import { type Answer, at, couchUnderTest } from './couch-under-test.ts';

const BY_PATH = { index: { fields: ['path'] }, name: 'dir-by-path', ddoc: 'dir-by-path', type: 'json' };
const BY_PARENT = {
  index: { fields: ['dir_id', 'name'] },
  name: 'by-parent',
  ddoc: '_design/by-parent',
  type: 'json',
};

describe('contract: indexes', () => {
  const couch = couchUnderTest();
  let name = '';

  beforeEach(async () => {
    name = await couch.newDatabase();
  });

  const index = (database: string, definition: unknown): Promise<Answer> =>
    couch.post(at(database, '_index'), definition);

  it('makes an index', async () => {
    const { status, body } = await index(name, BY_PATH);
    expect(status).to.equal(200);
    expect(body).to.deep.equal({ result: 'created', id: '_design/dir-by-path', name: 'dir-by-path' });
  });

  it('says of an index made before that it exists', async () => {
    await index(name, BY_PATH);
    const { status, body } = await index(name, BY_PATH);
    expect(status).to.equal(200);
    expect(body).to.deep.equal({ result: 'exists', id: '_design/dir-by-path', name: 'dir-by-path' });
  });

  it('takes a design document with and without its prefix for the same', async () => {
    expect((await index(name, BY_PARENT)).text('id')).to.equal('_design/by-parent');
    expect((await index(name, { ...BY_PARENT, ddoc: 'by-parent' })).text('result')).to.equal('exists');
  });

  it('keeps an index in a design document of the language query', async () => {
    await index(name, BY_PATH);
    const { body } = await couch.get(at(name, '_design/dir-by-path'));
    expect(body).to.include({ language: 'query' });
    expect(body).to.have.deep.nested.property('views.dir-by-path.map.fields', { path: 'asc' });
    expect(body).to.have.deep.nested.property('views.dir-by-path.options.def', { fields: ['path'] });
  });

  it('lists indexes', async () => {
    await index(name, BY_PATH);
    const answer = await couch.get(at(name, '_index'));
    expect(answer.body).to.include({ total_rows: 2 });
    expect(answer.pluck('indexes', 'name')).to.deep.equal(['_all_docs', 'dir-by-path']);
    expect(answer.list('indexes')[1]).to.deep.include({
      ddoc: '_design/dir-by-path',
      type: 'json',
      def: { fields: [{ path: 'asc' }] },
    });
  });

  it('deletes an index', async () => {
    await index(name, BY_PATH);
    const { status, body } = await couch.delete(at(name, '_index/dir-by-path/json/dir-by-path'));
    expect(status).to.equal(200);
    expect(body).to.deep.equal({ ok: true });
    expect((await couch.get(at(name, '_design/dir-by-path'))).status).to.equal(404);
  });

  it('answers 404 for deleting an index that is not there', async () => {
    expect((await couch.delete(at(name, '_index/none/json/none'))).status).to.equal(404);
  });

  it('refuses an index without fields', async () => {
    expect((await index(name, { index: {} })).status).to.equal(400);
  });

  it('recognises design documents copied from another database, with their revisions', async () => {
    for (const definition of [BY_PATH, BY_PARENT]) await index(name, definition);
    const copied = await copyDesigns(name);
    for (const definition of [BY_PATH, BY_PARENT]) {
      expect((await index(copied, definition)).text('result')).to.equal('exists');
    }
    for (const id of ['_design/dir-by-path', '_design/by-parent']) {
      const original = (await couch.get(at(name, id))).text('_rev');
      expect((await couch.get(at(copied, id))).text('_rev')).to.equal(original);
    }
  });

  it('recognises a copied design document with a partial filter', async () => {
    const definition = {
      index: {
        fields: ['_id'],
        partial_filter_selector: { kind: { $in: ['browser', 'mobile'] }, pending: { $exists: false } },
      },
      name: 'connected-user-clients',
      ddoc: 'connected-user-clients',
    };
    await index(name, definition);
    const copied = await copyDesigns(name);
    expect((await index(copied, definition)).text('result')).to.equal('exists');
  });

  it('survives identical requests at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => index(name, BY_PATH)));
    const statuses = answers.map(({ status }) => status);
    // A real server answers `error_saving_ddoc` to some of them.
    const tolerated = couch.server.real ? [200, 500] : [200];
    expect(statuses.every((status) => tolerated.includes(status))).to.equal(true);
    const again = await couch.eventually(() => index(name, BY_PATH), 200);
    expect(again.text('result')).to.equal('exists');
  });

  it('makes different indexes at once', async () => {
    const definitions = ['a', 'b', 'c', 'd'].map((field) => ({
      index: { fields: [field] },
      name: `by-${field}`,
      ddoc: `by-${field}`,
    }));
    const answers = await Promise.all(definitions.map((definition) => index(name, definition)));
    expect(answers.map((answer) => answer.text('result'))).to.deep.equal(definitions.map(() => 'created'));
  });

  async function copyDesigns(source: string): Promise<string> {
    const target = await couch.newDatabase('copy');
    const range = 'startkey="_design/"&endkey="_design0"&include_docs=true';
    const stored = (await couch.get(at(source, `_all_docs?${range}`))).pluck('rows', 'doc');
    const docs = stored.map((doc) => ({ ...Object(doc), _rev: undefined }));
    const written = await couch.post(at(target, '_bulk_docs'), { docs });
    expect(written.list().every(({ ok }) => ok === true)).to.equal(true);
    return target;
  }
});
