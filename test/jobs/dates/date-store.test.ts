import { expect } from 'chai';
import { dateState, endedDate, readDate } from '../../../src/jobs/dates/date-document.ts';
import { createDateStore, DATES, type DateStore } from '../../../src/jobs/dates/date-store.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { destroyDate, unblockDate } from '../../support/test-dates.ts';

describe('the store of dates', () => {
  let test: TestFleet;
  let store: DateStore;

  before(async () => {
    test = await startTestFleet({ worker: false });
    store = createDateStore(test.server);
  });
  after(() => test.close());

  const instance = (name: string) => ({
    ...{ _id: `store-${name}`, _rev: '1-a', domain: test.domain(name), locale: 'en' },
    ...{ password_defined: false, cli_secret: 'AAAA' },
  });

  it('makes its database with the first date, and reads what it wrote', async () => {
    const dates = [destroyDate(instance('one')), unblockDate(instance('one'))];
    const written = await store.write(dates);
    expect(written.map((each) => each?.act)).to.deep.equal(['destroy', 'unblock']);
    const ids = dates.map(({ _id }) => _id);
    expect([...(await store.lookUp(ids)).values()]).to.deep.equal(written);
    expect((await store.list()).dates).to.deep.include(written[0]);
    await store.drop(written.flatMap((each) => (each ? [each] : [])));
    expect((await store.lookUp(ids)).size).to.equal(0);
  });

  it('leaves a date alone that is there, and one that somebody else has changed', async () => {
    const date = destroyDate(instance('two'));
    const [first] = await store.write([date]);
    if (first === undefined) throw new Error('it was not written');
    expect(await store.write([date])).to.deep.equal([undefined]);
    const [second] = await store.write([endedDate(first, { code: 'changed', message: 'x' })]);
    expect(await store.write([first])).to.deep.equal([undefined]);
    expect(await store.drop([first])).to.deep.equal([false]);
    expect(second && dateState(second)).to.equal('ended');
    expect(await store.get(date._id)).to.deep.equal(second);
    if (second !== undefined) expect(await store.drop([second])).to.deep.equal([true]);
  });

  it('sets a date where one was before', async () => {
    const date = destroyDate(instance('three'));
    const [first] = await store.write([date]);
    if (first !== undefined) await store.drop([first]);
    const [again] = await store.write([date]);
    expect(again).to.include({ _id: date._id });
    if (again !== undefined) await store.drop([again]);
  });

  it('reads more dates than one page has', async () => {
    const dates = Array.from({ length: 1_001 }, (_, at) => destroyDate(instance(`many-${at}`)));
    const written = (await store.write(dates)).flatMap((date) => (date ? [date] : []));
    const listed = new Set((await store.list()).dates.map(({ _id }) => _id));
    expect(dates.filter(({ _id }) => !listed.has(_id))).to.deep.equal([]);
    await store.drop(written);
  });

  it('tells whether anything has changed', async () => {
    const { at } = await store.changedSince('0');
    const { at: before } = await lastPlace(at);
    expect(await store.changedSince(before)).to.deep.include({ changed: false });
    const [date] = await store.write([destroyDate(instance('five'))]);
    expect(await store.changedSince(before)).to.deep.include({ changed: true });
    if (date !== undefined) await store.drop([date]);
  });

  /** Changes come page by page. */
  async function lastPlace(from: string): Promise<{ at: string }> {
    for (let at = from; ; ) {
      const next = await store.changedSince(at);
      if (!next.changed) return next;
      at = next.at;
    }
  }

  for (const [what, change] of [
    ['with a field that it does not know', { archiveTo: '/srv' }],
    [
      'with an option that it does not know',
      { destruction: { skipAccounts: false, resume: false, keepFiles: true } },
    ],
    ['of another version', { v: 2 }],
    ['whose id is that of another instance', { _id: 'destroy:other' }],
    ['that is due at no time', { due: 'soon' }],
    ['for something else', { act: 'archive' }],
  ] as const) {
    it(`takes a document ${what} for none of its dates`, async () => {
      const { _rev: _, ...date } = { ...destroyDate(instance('six')), ...change };
      expect(readDate({ ...date, _rev: '1-a' })).to.equal(undefined);
      const rev = await test.server.putDocument(DATES, date);
      expect(await store.get(date._id)).to.equal('unreadable');
      expect((await store.list()).unreadable).to.include(date._id);
      await test.server.deleteDocument(DATES, date._id, rev);
    });
  }
});
