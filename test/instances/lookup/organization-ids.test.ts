import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { filteredInstances } from '../../../src/instances/lookup/all-instances.ts';
import type { Unreadable } from '../../../src/instances/lookup/classify-document.ts';
import type { InstanceFilter } from '../../../src/instances/lookup/instance-filter.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { organizationIds } from '../../../src/instances/lookup/organization-ids.ts';
import { putInstances } from '../../support/put-instances.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';

describe('the instances of an organization', () => {
  let couch: TestCouch;
  let server: CouchServer;
  const unreadable: Unreadable[] = [];

  const members = Array.from({ length: 1_100 }, (_, at) => ({
    domain: `m${at}.school.org`,
    org_id: 'school',
    org_domain: 'school.org',
    ...(at % 2 === 0 && { blocked: true }),
  }));

  async function domains(filter: InstanceFilter): Promise<string[]> {
    const found: string[] = [];
    for await (const { domain } of filteredInstances(server, filter, (each) => unreadable.push(each))) {
      found.push(domain);
    }
    return found.sort();
  }

  /** Whether documents are found without reading all. */
  const isIndexed = async (filter: InstanceFilter) => (await organizationIds(server, filter)) !== undefined;

  async function withoutIndex(): Promise<void> {
    const design = await server.getDocument(INSTANCES, '_design/by-orgid');
    if (design) await server.deleteDocument(INSTANCES, design._id, design._rev);
  }

  before(async () => {
    // The server is this test's own: it has an index of its own.
    couch = await startTestCouch({ ownProcess: true });
    server = connectCouch({ url: couch.url, connections: 4 });
    await putInstances(server, [
      ...members,
      { domain: 'a.other.org', org_id: 'other', org_domain: 'other.org' },
      { domain: 'a.school.org' },
      { domain: 'odd.school.org', org_id: 'school', sponsorships: ['a'] },
    ]);
    const odd = (await server.find(INSTANCES, { selector: { domain: 'odd.school.org' } }))[0];
    if (odd) await server.putDocument(INSTANCES, { ...odd, sponsorships: 'x' });
  });

  after(async () => {
    await server.close();
    await couch.close();
  });

  const expected = members.map(({ domain }) => domain).sort();

  for (const way of ['with the index', 'without the index', 'with an index of a part']) {
    describe(way, () => {
      before(async () => {
        unreadable.length = 0;
        if (way !== 'with the index') await withoutIndex();
        if (way !== 'with an index of a part') return;
        const index = { fields: ['org_id'], partial_filter_selector: { blocked: true } };
        await server.createIndex(INSTANCES, { ddoc: 'by-orgid', index });
      });

      it('are all found, and one that cannot be read is told', async () => {
        expect(await isIndexed({ orgId: 'school' })).to.equal(way === 'with the index');
        expect(await domains({ orgId: 'school' })).to.deep.equal(expected);
        expect(unreadable.map(({ domain }) => domain)).to.deep.equal(['odd.school.org']);
      });

      it('meet the rest of the filter, too', async () => {
        const found = await domains({ orgId: 'school', states: ['blocked'], domain: 'm1*' });
        expect(found).to.deep.equal(
          expected.filter((domain) => /^m1/.test(domain) && Number.parseInt(domain.slice(1), 10) % 2 === 0),
        );
      });

      it('are found by the domain of the organization', async () => {
        expect(await isIndexed({ orgDomain: 'other.org' })).to.equal(true);
        expect(await domains({ orgDomain: 'other.org' })).to.deep.equal(['a.other.org']);
        expect(await domains({ orgDomain: 'school.org', orgId: 'other' })).to.deep.equal([]);
      });
    });
  }

  describe('whatever is asked', () => {
    before(withoutIndex);

    it('make no index', async () => {
      expect(await domains({ orgId: 'school' })).to.deep.equal(expected);
      expect(await server.getDocument(INSTANCES, '_design/by-orgid')).to.equal(undefined);
    });
  });
});
