import { expect } from 'chai';
import { CouchError } from '../../src/couchdb/errors.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { createSilenceWatch } from '../../src/couchdb/silence-watch.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { TRANSPORTS } from '../support/transports.ts';

const failure = () => new Error('away');

/** Ends only with its signal. */
function endless(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

describe('work for a CouchDB that may be silent', () => {
  it('is waited for as long as CouchDB is there', async () => {
    let asked = 0;
    let finish = (): void => undefined;
    const watch = createSilenceWatch({
      slowMs: 10,
      async isSilent() {
        asked += 1;
        if (asked === 3) finish();
        return false;
      },
    });
    const work = () =>
      new Promise<string>((resolve) => {
        finish = () => resolve('late');
      });
    expect(await watch.run(work, failure, undefined)).to.equal('late');
    expect(asked).to.equal(3);
  });

  it('is given up together where it is not, after one question for all', async () => {
    let asked = 0;
    const watch = createSilenceWatch({
      slowMs: 10,
      isSilent: async () => {
        asked += 1;
        return true;
      },
    });
    const works = [1, 2, 3].map(() => thrownBy(watch.run(endless, failure, undefined)));
    for (const error of await Promise.all(works)) expect(error).to.have.property('message', 'away');
    expect(asked).to.equal(1);
  });

  it('is not begun while it stays away, and begun as soon as it is back', async () => {
    let isSilent = true;
    const watch = createSilenceWatch({ slowMs: 10, isSilent: async () => isSilent });
    await thrownBy(watch.run(endless, failure, undefined));
    let begun = 0;
    const work = async () => (begun += 1);
    await thrownBy(watch.run(work, failure, undefined));
    expect(begun).to.equal(0);
    isSilent = false;
    expect(await watch.run(work, failure, undefined)).to.equal(1);
  });

  it('ends with its caller’s own reason', async () => {
    const watch = createSilenceWatch({ isSilent: async () => false });
    const caller = new AbortController();
    const work = thrownBy(watch.run(endless, failure, caller.signal));
    caller.abort(new Error('enough'));
    expect(await work).to.have.property('message', 'enough');
  });

  it('costs no question where it is quick, and no timer afterwards', async () => {
    const watch = createSilenceWatch({ slowMs: 60_000, isSilent: () => Promise.reject(new Error('asked')) });
    const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    // The test's own limit of time begins once it waits for the first time.
    await Promise.resolve();
    const before = timers();
    expect(await watch.run(async () => 1, failure, undefined)).to.equal(1);
    expect(timers()).to.equal(before);
  });
});

for (const [transport, createTransport] of TRANSPORTS) {
  describe(`a CouchDB behind something that passes nothing on, through ${transport}`, () => {
    const database = `test-silence-${process.pid}-${Date.now()}`;
    let couch: TestCouch;
    let proxy: FaultyProxy;
    let server: CouchServer;

    before(async () => {
      couch = await startTestCouch();
      proxy = await startFaultyProxy(couch.url);
      server = connectCouch({ url: proxy.url, connections: 4, failsSoon: true, createTransport });
      await server.createDatabase(database);
    });

    after(async () => {
      proxy.rule = () => undefined;
      await server.deleteDatabase(database);
      await server.close();
      await proxy.close();
      await couch.close();
    });

    async function secondsOf(work: Promise<unknown>): Promise<number> {
      const begun = performance.now();
      expect(await thrownBy(work))
        .to.be.instanceOf(CouchError)
        .and.have.property('status', undefined);
      return (performance.now() - begun) / 1_000;
    }

    it('lets all requests fail within seconds, and again those that come later', async () => {
      proxy.rule = () => 'stall';
      const requests = [
        server.getDocument(database, 'a'),
        server.allDocuments(database, { limit: 1 }),
        server.putDocument(database, { _id: 'a' }),
        ...Array.from({ length: 8 }, (_, at) => server.databaseFacts(`${database}-${at}`)),
      ];
      for (const seconds of await Promise.all(requests.map(secondsOf))) expect(seconds).to.be.below(9);
      expect(await secondsOf(server.getDocument(database, 'a'))).to.be.below(6);
    });

    it('is used again at once', async () => {
      proxy.rule = () => undefined;
      expect(await server.getDocument(database, 'nothing')).to.equal(undefined);
    });
  });
}
