import { expect } from 'chai';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { request } from './couch-request.ts';

const WRITERS = 6;
const ENOUGH = 200;

describe('embedded CouchDB: a crash', () => {
  let couch: TestCouch;

  beforeEach(async () => {
    couch = await startTestCouch({ ownProcess: true });
  });

  afterEach(() => couch.close());

  it('loses no write that was acknowledged', async () => {
    const acknowledged: string[] = [];
    let down = false;
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; !down; n += 1) {
        const path = `crash%2F${writer}-${n % 20}/doc-${n}`;
        const name = path.split('/')[0] ?? '';
        if (n < 20) await request(couch, 'PUT', name);
        const { status } = await request(couch, 'PUT', path, { n });
        if (status === 201) acknowledged.push(path);
      }
    };
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer).catch(() => undefined));
    await until('enough is written', () => acknowledged.length >= ENOUGH);
    process.kill(couch.pid ?? 0, 'SIGKILL');
    down = true;
    await Promise.all(writers);
    await couch.stop();
    await couch.start();
    const found = await Promise.all(acknowledged.map((path) => request(couch, 'GET', path)));
    expect(found.filter(({ status }) => status !== 200)).to.deep.equal([]);
  });

  it('leaves views usable', async () => {
    await request(couch, 'PUT', 'db');
    await request(couch, 'PUT', 'db/_design/d', { views: { v: { map: 'function(doc) { emit(doc.n); }' } } });
    await request(couch, 'PUT', 'db/one', { n: 1 });
    await request(couch, 'GET', 'db/_design/d/_view/v');
    await request(couch, 'PUT', 'db/two', { n: 2 });
    process.kill(couch.pid ?? 0, 'SIGKILL');
    await couch.stop();
    await couch.start();
    const { body } = await request(couch, 'GET', 'db/_design/d/_view/v');
    expect(body).to.have.property('total_rows', 2);
  });
});
