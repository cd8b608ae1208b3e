import { expect } from 'chai';
import { at, couchUnderTest } from './couch-under-test.ts';

const DOCS = [
  { _id: 'root', type: 'directory', path: '/', name: '', dir_id: '' },
  { _id: 'docs', type: 'directory', path: '/Documents', name: 'Documents', dir_id: 'root' },
  { _id: 'pics', type: 'directory', path: '/Photos', name: 'Photos', dir_id: 'root' },
  { _id: 'cam', type: 'directory', path: '/Photos/Caméra', name: 'Caméra', dir_id: 'pics' },
];

describe('contract: find', () => {
  const couch = couchUnderTest();
  let name = '';

  before(async () => {
    name = await couch.newDatabase();
    await couch.post(at(name, '_bulk_docs'), { docs: DOCS });
    for (const [ddoc, fields] of [
      ['by-path', ['path']],
      ['by-parent', ['dir_id', 'name']],
    ]) {
      await couch.post(at(name, '_index'), { index: { fields }, name: ddoc, ddoc });
    }
  });

  const find = (request: Record<string, unknown>) => couch.post(at(name, '_find'), request);

  it('finds by an indexed field', async () => {
    const answer = await find({ selector: { path: '/Photos/Caméra' } });
    expect(answer.status).to.equal(200);
    expect(answer.pluck('docs', '_id')).to.deep.equal(['cam']);
    expect(answer.body).not.to.have.property('warning');
  });

  it('answers whole documents', async () => {
    const answer = await find({ selector: { path: '/Documents' } });
    expect(answer.list('docs')[0]).to.include({ _id: 'docs', name: 'Documents' });
    expect(answer.list('docs')[0]).to.have.property('_rev');
  });

  it('finds nothing', async () => {
    expect((await find({ selector: { path: '/none' } })).list('docs')).to.deep.equal([]);
  });

  it('finds by an index of two fields, in its order', async () => {
    const answer = await find({ selector: { dir_id: 'root', name: { $gt: '' } } });
    expect(answer.pluck('docs', 'name')).to.deep.equal(['Documents', 'Photos']);
  });

  it('takes the index that is asked for', async () => {
    const answer = await find({ selector: { path: '/Photos' }, use_index: '_design/by-path' });
    expect(answer.pluck('docs', '_id')).to.deep.equal(['pics']);
  });

  it('finds a range of an indexed field, sorted', async () => {
    const selector = { path: { $gte: '/D', $lt: '/Photos/' } };
    const answer = await find({ selector, sort: [{ path: 'desc' }] });
    expect(answer.pluck('docs', '_id')).to.deep.equal(['pics', 'docs']);
  });

  it('limits and skips', async () => {
    const request = { selector: { path: { $gte: '/' } }, sort: ['path'], limit: 2, skip: 1 };
    expect((await find(request)).pluck('docs', '_id')).to.deep.equal(['docs', 'pics']);
  });

  it('answers only the fields asked for', async () => {
    const answer = await find({ selector: { path: '/' }, fields: ['_id', 'path'] });
    expect(answer.list('docs')).to.deep.equal([{ _id: 'root', path: '/' }]);
  });

  it('finds by a field without an index, and warns', async () => {
    const answer = await find({ selector: { type: 'directory' } });
    expect(answer.list('docs')).to.have.length(4);
    expect(answer.text('warning')).to.include('No matching index found');
  });

  it('finds by id', async () => {
    const answer = await find({ selector: { _id: { $gt: 'd' } } });
    expect(answer.pluck('docs', '_id')).to.deep.equal(['docs', 'pics', 'root']);
  });

  it('finds by one of several values', async () => {
    const answer = await find({ selector: { path: { $in: ['/', '/Photos'] } } });
    expect(answer.pluck('docs', '_id').sort()).to.deep.equal(['pics', 'root']);
  });

  it('leaves out design documents', async () => {
    const answer = await find({ selector: { _id: { $gt: null } }, limit: 100 });
    expect(answer.list('docs')).to.have.length(DOCS.length);
  });

  it('refuses to sort without an index', async () => {
    const { status, body } = await find({ selector: { type: 'directory' }, sort: ['type'] });
    expect(status).to.equal(400);
    expect(body).to.include({ error: 'no_usable_index' });
  });

  it('refuses a request without a selector', async () => {
    expect((await find({})).status).to.equal(400);
  });

  it('refuses an unknown operator', async () => {
    const { status, body } = await find({ selector: { path: { $nearly: '/' } } });
    expect(status).to.equal(400);
    expect(body).to.include({ error: 'invalid_operator' });
  });
});
