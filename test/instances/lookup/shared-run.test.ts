import { expect } from 'chai';
import { createSharedRun, type SharedRun } from '../../../src/instances/lookup/shared-run.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('a shared run', () => {
  /** The runs that have begun, and how each is ended. */
  let runs: { signal: AbortSignal; end: () => void; fail: (error: Error) => void }[];
  let ask: SharedRun;

  beforeEach(() => {
    runs = [];
    ask = createSharedRun((signal) => new Promise((end, fail) => void runs.push({ signal, end, fail })));
  });

  /** Has what waits for nothing but promises that are fulfilled done. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('is one for all who ask at once', async () => {
    const all = Promise.all([ask(), ask(), ask()]);
    await settled();
    expect(runs).to.have.length(1);
    runs[0]?.end();
    await all;
  });

  it('is another one for who asks after it has begun', async () => {
    const first = ask();
    await settled();
    const second = Promise.all([ask(), ask()]);
    await settled();
    expect(runs).to.have.length(1);
    runs[0]?.end();
    await first;
    await settled();
    expect(runs).to.have.length(2);
    runs[1]?.end();
    await second;
  });

  it('goes on for the others when one of them gives up', async () => {
    const gaveUp = new AbortController();
    const one = thrownBy(ask(gaveUp.signal));
    const other = ask();
    await settled();
    gaveUp.abort(new Error('not wanted any more'));
    expect(await one).to.have.property('message', 'not wanted any more');
    expect(runs[0]?.signal.aborted).to.equal(false);
    runs[0]?.end();
    await other;
  });

  it('is ended when all have given up, and the next who asks gets a new one', async () => {
    const gaveUp = new AbortController();
    const one = thrownBy(ask(gaveUp.signal));
    await settled();
    gaveUp.abort(new Error('not wanted any more'));
    await one;
    expect(runs[0]?.signal.aborted).to.equal(true);
    runs[0]?.fail(new Error('given up'));
    const next = ask();
    await settled();
    runs[1]?.end();
    await next;
  });

  it('that has ended is nobody’s to end any more', async () => {
    const all = Promise.all([ask(), ask()]);
    await settled();
    runs[0]?.end();
    await all;
    expect(runs[0]?.signal.aborted).to.equal(false);
  });

  it('that was given up before it began is not given to the next who asks', async () => {
    const first = ask();
    await settled();
    const gaveUp = new AbortController();
    const second = thrownBy(ask(gaveUp.signal));
    gaveUp.abort(new Error('not wanted any more'));
    await second;
    const third = ask();
    runs[0]?.end();
    await first;
    await settled();
    expect(runs).to.have.length(2);
    runs[1]?.end();
    await third;
  });

  it('that failed is told to all who share it, and not to the next', async () => {
    const both = [thrownBy(ask()), thrownBy(ask())];
    await settled();
    runs[0]?.fail(new Error('away'));
    for (const error of await Promise.all(both)) expect(error).to.have.property('message', 'away');
    const next = ask();
    await settled();
    runs[1]?.end();
    await next;
  });
});
