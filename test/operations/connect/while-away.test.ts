import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { FleetError } from '../../../src/errors.ts';
import { whileAway } from '../../../src/operations/connect/while-away.ts';
import { type Fault, type FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('waiting for servers', () => {
  const { signal } = new AbortController();
  let couch: TestCouch;
  let proxy: FaultyProxy;
  let server: CouchServer;

  before(async () => {
    couch = await startTestCouch();
    proxy = await startFaultyProxy(couch.url);
    server = connectCouch({ url: proxy.url, connections: 1 });
  });

  after(async () => {
    await server.close();
    await proxy.close();
    await couch.close();
  });

  for (const fault of ['404 text/plain', '502 HTML', '429', 'reset before'] satisfies Fault[]) {
    it(`goes on while a proxy answers by ${fault}, and says once who does not answer`, async () => {
      let left = 5;
      proxy.rule = () => {
        left -= 1;
        return left >= 0 ? fault : undefined;
      };
      const reasons: string[] = [];
      const exists = await whileAway(
        () => server.databaseExists('nowhere'),
        (reason) => reasons.push(reason),
        signal,
      );
      expect(exists).to.equal(false);
      expect(reasons).to.have.length(1);
      expect(reasons[0]).to.contain(proxy.host);
    });
  }

  it('does not wait for what somebody has to put right', async () => {
    const wrong = new FleetError('wrong_fleet', 'the storage belongs to another fleet');
    const reasons: string[] = [];
    const waiting = whileAway(
      () => Promise.reject(wrong),
      (reason) => reasons.push(reason),
      signal,
    );
    expect(await thrownBy(waiting)).to.equal(wrong);
    expect(reasons).to.deep.equal([]);
  });
});
