import { expect } from 'chai';
import { type Answer, at, couchUnderTest } from './couch-under-test.ts';

describe('contract: changes', () => {
  const couch = couchUnderTest();
  let name = '';

  beforeEach(async () => {
    name = await couch.newDatabase();
  });

  const changes = (query = ''): Promise<Answer> => couch.get(at(name, `_changes?${query}`));
  /** A sequence may be a text or a number; it goes back as it came. */
  const lastSeq = (answer: Answer): string => encodeURIComponent(String(Object(answer.body)['last_seq']));

  it('lists each document once, with its last revision', async () => {
    const first = await couch.put(at(name, 'a'), {});
    const second = await couch.put(at(name, 'a'), { _rev: first.text('rev') });
    const answer = await changes();
    expect(answer.status).to.equal(200);
    expect(answer.list('results')).to.have.length(1);
    expect(answer.list('results')[0]).to.deep.include({ id: 'a', changes: [{ rev: second.text('rev') }] });
  });

  it('lists nothing for an empty database', async () => {
    expect((await changes()).list('results')).to.deep.equal([]);
  });

  it('lists what is new since a sequence', async () => {
    await couch.put(at(name, 'a'), {});
    const since = lastSeq(await changes());
    await couch.put(at(name, 'b'), {});
    expect((await changes(`since=${since}`)).pluck('results', 'id')).to.deep.equal(['b']);
  });

  it('begins anew for a sequence of an earlier database of that name, however many changes there were', async () => {
    for (const id of ['a', 'b']) await couch.put(at(name, id), {});
    const since = lastSeq(await changes());
    await couch.delete(at(name));
    await couch.eventually(() => couch.put(at(name)), 201);
    const ids = ['b', 'c', 'd', 'e'];
    for (const id of ids) await couch.eventually(() => couch.put(at(name, id), {}), 201);
    expect((await changes(`since=${since}`)).pluck('results', 'id')).to.have.members(ids);
  });

  it('marks deletions', async () => {
    const made = await couch.put(at(name, 'a'), {});
    await couch.delete(`${at(name, 'a')}?rev=${made.text('rev')}`);
    expect((await changes()).list('results')[0]).to.include({ id: 'a', deleted: true });
  });

  it('includes documents', async () => {
    await couch.put(at(name, 'a'), { n: 1 });
    expect((await changes('include_docs=true')).list('results')[0]).to.have.nested.property('doc.n', 1);
  });

  it('limits', async () => {
    await couch.post(at(name, '_bulk_docs'), { docs: [{ _id: 'a' }, { _id: 'b' }] });
    expect((await changes('limit=1')).list('results')).to.have.length(1);
  });

  it('ends a long poll without news after its timeout', async () => {
    const answer = await changes('feed=longpoll&since=now&timeout=100');
    expect(answer.status).to.equal(200);
    expect(answer.list('results')).to.deep.equal([]);
  });

  it('ends a long poll as soon as there is news', async () => {
    const since = lastSeq(await changes());
    const polled = changes(`feed=longpoll&since=${since}&timeout=20000`);
    await couch.put(at(name, 'news'), {});
    expect((await polled).pluck('results', 'id')).to.deep.equal(['news']);
  });

  it('ends a long poll at once when there was news before', async () => {
    await couch.put(at(name, 'a'), {});
    expect((await changes('feed=longpoll&since=0')).pluck('results', 'id')).to.deep.equal(['a']);
  });
});
