import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { INSTANCES, readInstance } from '../../src/instances/lookup.ts';
import { askForOthers, readForOthers } from '../../src/instances/prefix-owners.ts';
import { putInstances } from '../support/put-instances.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';

describe('the other owners of a prefix', () => {
  let couch: TestCouch;
  let server: CouchServer;

  before(async () => {
    // The server is this test's own: all its instances are read.
    couch = await startTestCouch({ ownProcess: true });
    server = connectCouch({ url: couch.url, connections: 4 });
    await putInstances(server, [
      { domain: 'a.example.org', prefix: 'cozy1' },
      { domain: 'b.example.org', prefix: 'cozy2' },
      { domain: 'c.example.org', prefix: 'cozy1' },
      { domain: 'd.example.org', prefix: 'cozy1' },
      { domain: 'old.example.org' },
      { domain: 'old-example.org' },
    ]);
  });

  after(async () => {
    await server.close();
    await couch.close();
  });

  for (const [how, others] of [
    ['asked for', askForOthers],
    ['read', readForOthers],
  ] as const) {
    async function domainsBeside(at: number): Promise<string[]> {
      const instance = await readInstance(server, String(at).padStart(32, '0'));
      if (instance === undefined) throw new Error(`${at} is not in ${INSTANCES}`);
      return (await others(server)(instance)).map(({ domain }) => domain);
    }

    it(`are all but the instance itself when ${how}`, async () => {
      expect(await domainsBeside(0)).to.deep.equal(['c.example.org', 'd.example.org']);
      expect(await domainsBeside(2)).to.deep.equal(['a.example.org', 'd.example.org']);
    });

    it(`are none where the prefix is its own when ${how}`, async () => {
      expect(await domainsBeside(1)).to.deep.equal([]);
    });
  }

  it('are found too where databases are named by domains that differ in their dots only', async () => {
    const instance = await readInstance(server, '4'.padStart(32, '0'));
    if (instance === undefined) throw new Error('it is not there');
    const others = await readForOthers(server)(instance);
    expect(others.map(({ domain }) => domain)).to.deep.equal(['old-example.org']);
  });
});
