import { expect } from 'chai';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { selectForCheck } from '../../../src/operations/targets/selection-for-check.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { useInstance } from '../../support/used-instance.ts';

describe('the instances that are to be checked by a measure', () => {
  let test: TestFleet;
  const domains: string[] = [];

  before(async () => {
    test = await startTestFleet();
    for (const [name, size] of Object.entries({ full: 900, empty: 1, 'full-too': 800 })) {
      const domain = test.domain(name);
      expect((await test.create({ domain, 'disk-quota': '1000' })).end).to.include({ state: 'done' });
      await useInstance(test.server, domain, { files: [size] });
      domains.push(domain);
    }
  });

  after(() => test?.close());

  it('are measured some at a time, and come in the order of their documents', async () => {
    let release = (): void => undefined;
    const allAsked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = new Set<string>();
    const waiting: CouchServer = {
      ...test.server,
      async viewTotal(database, ...args) {
        asked.add(database);
        // Files and former versions of each.
        if (asked.size === 2 * domains.length) release();
        await allAsked;
        return await test.server.viewTotal(database, ...args);
      },
    };
    const select = selectForCheck({
      names: [],
      all: false,
      filter: { usedOver: 50, domain: '*.example.org' },
    });
    if (select === undefined) throw new Error('nothing is selected');
    const found: { domain: string; id: string }[] = [];
    const servers = { global: test.server, cluster: () => waiting };
    for await (const result of select(servers, () => undefined)) {
      if (!result.readable) continue;
      const { domain, _id: id } = result.instance;
      if (domains.includes(domain)) found.push({ domain, id });
    }
    expect(found.map(({ domain }) => domain)).to.have.members([domains[0], domains[2]]);
    expect(found.map(({ id }) => id)).to.deep.equal(found.map(({ id }) => id).sort());
  });
});
