import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import type { PoolItem } from '../../../src/instances/pool/pool-item.ts';
import { createReadyItems } from '../../../src/workers/pool/ready-items.ts';
import { Signal } from '../../support/chaos-signal.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const DEFINITIONS = '0'.repeat(32);
const WANTED = { cluster: 0, definitions: DEFINITIONS, leave: 0 };
const { signal } = new AbortController();

function item(change: Partial<PoolItem> = {}): PoolItem {
  return {
    prefix: newPoolPrefix(),
    rev: '1-a',
    state: 'ready',
    cluster: 0,
    definitions: DEFINITIONS,
    fleet: 'fleet',
    job: randomUUID(),
    since: new Date(0).toISOString(),
    ...change,
  };
}

describe('the items that a process knows to be ready', () => {
  let books: PoolItem[];
  let reads: number;
  let now: number;

  beforeEach(() => {
    books = [];
    reads = 0;
    now = 0;
  });

  const ready = () =>
    createReadyItems(
      {
        async list() {
          reads += 1;
          return { items: [...books], unreadable: [] };
        },
      },
      () => now,
    );

  it('are each given once, after one look at the books', async () => {
    books = [item(), item(), item()];
    const items = ready();
    const given = await Promise.all(books.map(() => items.take(WANTED, signal)));
    expect(new Set(given)).to.have.property('size', 3);
    expect(await items.take(WANTED, signal)).to.equal(undefined);
    expect(reads).to.equal(1);
  });

  it('are of the right cluster, definitions and state', async () => {
    books = [item({ cluster: 1 }), item({ definitions: '1'.repeat(32) }), item({ state: 'claimed' })];
    expect(await ready().take(WANTED, signal)).to.equal(undefined);
  });

  it('are left where so many have to be', async () => {
    books = [item(), item()];
    const items = ready();
    expect(await items.take({ ...WANTED, leave: 1 }, signal)).not.to.equal(undefined);
    expect(await items.take({ ...WANTED, leave: 1 }, signal)).to.equal(undefined);
    expect(await items.take(WANTED, signal)).not.to.equal(undefined);
  });

  it('are looked for again when they had run out, but not at once', async () => {
    const items = ready();
    expect(await items.take(WANTED, signal)).to.equal(undefined);
    books = [item()];
    expect(await items.take(WANTED, signal)).to.equal(undefined);
    now += 2_000;
    expect(await items.take(WANTED, signal)).to.equal(books[0]);
    expect(reads).to.equal(2);
  });

  it('are read again when others were faster a few times', async () => {
    books = Array.from({ length: 10 }, () => item());
    const items = ready();
    await items.take(WANTED, signal);
    for (let at = 0; at < 3; at += 1) items.lost();
    await items.take(WANTED, signal);
    expect(reads).to.equal(2);
  });

  it('are given again a minute later where nobody claimed them', async () => {
    books = [item()];
    const items = ready();
    expect(await items.take(WANTED, signal)).to.equal(books[0]);
    now += 2_000;
    expect(await items.take(WANTED, signal)).to.equal(undefined);
    now += 60_000;
    expect(await items.take(WANTED, signal)).to.equal(books[0]);
  });

  it('are looked for by the next one, too, when the books could not be read', async () => {
    let isAway = true;
    const items = createReadyItems({
      async list() {
        if (isAway) throw new Error('away');
        return { items: [item()], unreadable: [] };
      },
    });
    await items.take(WANTED, signal).catch(() => undefined);
    isAway = false;
    expect(await items.take(WANTED, signal)).not.to.equal(undefined);
  });

  it('are waited for no longer by who gives up, and read for the others', async () => {
    const isRead = new Signal<void>();
    const items = createReadyItems({
      async list() {
        reads += 1;
        await isRead.given;
        return { items: [...books], unreadable: [] };
      },
    });
    books = [item()];
    const gaveUp = new AbortController();
    const one = thrownBy(items.take(WANTED, gaveUp.signal));
    const other = items.take(WANTED, signal);
    gaveUp.abort(new Error('not wanted any more'));
    expect(await one).to.have.property('message', 'not wanted any more');
    isRead.give();
    expect(await other).to.equal(books[0]);
    expect(reads).to.equal(1);
  });

  it('leave nothing on the signal of who waited for them', async () => {
    const waiting = new AbortController();
    await ready().take(WANTED, waiting.signal);
    expect(getEventListeners(waiting.signal, 'abort')).to.deep.equal([]);
  });

  it('gives to others what is given back, once', async () => {
    books = [item()];
    const items = ready();
    const taken = await items.take(WANTED, signal);
    expect(taken).not.to.equal(undefined);
    if (taken === undefined) return;
    items.giveBack(taken);
    items.giveBack(taken);
    expect(await items.take(WANTED, signal)).to.equal(taken);
    expect(await items.take(WANTED, signal)).to.equal(undefined);
    expect(reads).to.equal(1);
  });
});
