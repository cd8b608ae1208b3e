import { expect } from 'chai';
import type { CouchDocument, CouchServer } from '../../src/couchdb/server.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { LOGINS, OAUTH_CLIENTS, SESSIONS } from '../../src/usage/last-activity.ts';
import { readLastActivity } from '../../src/usage/read-last-activity.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { thrownBy } from '../support/thrown-by.ts';

const KEPT = 'last_activity_from_deleted_oauth_clients';

describe('the last activity of an instance', () => {
  let fleet: TestFleet;
  let server: CouchServer;
  let instance: StoredInstance;
  let instances = 0;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    ({ server } = fleet);
  });

  after(() => fleet.close());

  /** An instance with these documents in databases of its own; those that are not named are not there. */
  async function put(
    documents: Readonly<Record<string, readonly CouchDocument[]>>,
    fields: object = {},
  ): Promise<void> {
    instances += 1;
    const domain = fleet.domain(`active-${instances}`);
    instance = await fleet.putInstance({ domain, prefix: prefixOf(domain), ...fields });
    for (const [doctype, all] of Object.entries(documents)) {
      const database = databaseName(prefixOf(domain), doctype);
      await server.createDatabase(database);
      await server.bulkInsert(database, all);
    }
  }

  const day = async (): Promise<string> => (await readLastActivity(server, instance)).day;
  const NOBODY = { [LOGINS]: [], [OAUTH_CLIENTS]: [] };

  it('is what a stack says where nothing is known', async () => {
    await put(NOBODY);
    expect(await day()).to.equal('2018-01-01');
  });

  it('is the latest of logins, sessions and clients', async () => {
    const login = { _id: 'a', created_at: '2024-03-01T10:00:00.123456789Z' };
    const session = { _id: 'b', last_seen: '2024-03-02T10:00:00Z' };
    const refreshed = { _id: 'c', last_refreshed_at: '2024-03-03T10:00:00Z' };
    const synchronized = { _id: 'd', synchronized_at: '2024-03-04T10:00:00Z' };
    await put({ ...NOBODY, [LOGINS]: [login] });
    expect(await day()).to.equal('2024-03-01');
    await put({ ...NOBODY, [LOGINS]: [login], [SESSIONS]: [session] });
    expect(await day()).to.equal('2024-03-02');
    await put({ [LOGINS]: [login], [SESSIONS]: [session], [OAUTH_CLIENTS]: [refreshed] });
    expect(await day()).to.equal('2024-03-03');
    await put({ [LOGINS]: [login], [SESSIONS]: [session], [OAUTH_CLIENTS]: [synchronized, refreshed] });
    expect(await day()).to.equal('2024-03-04');
  });

  it('does not take another instance that shares for the owner', async () => {
    const sharing = { _id: 'c', client_kind: 'sharing', last_refreshed_at: '2024-03-03T10:00:00Z' };
    await put({ ...NOBODY, [OAUTH_CLIENTS]: [sharing] });
    expect(await day()).to.equal('2018-01-01');
  });

  it('begins with what is kept of deleted clients, earlier than all others or not', async () => {
    await put(NOBODY, { [KEPT]: '2017-05-06T00:00:00Z' });
    expect(await day()).to.equal('2017-05-06');
    await put({ ...NOBODY, [LOGINS]: [{ _id: 'a', created_at: '2016-01-01T00:00:00Z' }] }, { [KEPT]: null });
    expect(await day()).to.equal('2018-01-01');
  });

  it('is compared as a moment, and told as the day where it was written', async () => {
    const later = { _id: 'a', created_at: '2024-03-01T23:30:00-02:00' };
    const earlier = { _id: 'b', created_at: '2024-03-02T01:00:00Z' };
    await put({ ...NOBODY, [LOGINS]: [later, earlier] });
    expect(await readLastActivity(server, instance)).to.deep.equal({
      text: '2024-03-01T23:30:00-02:00',
      day: '2024-03-01',
      ms: Date.UTC(2024, 2, 2, 1, 30),
      nanoseconds: 0,
    });
  });

  it('tells two moments apart by nanoseconds', async () => {
    const one = { _id: 'a', created_at: '2024-03-01T23:30:00.000000002-02:00' };
    const other = { _id: 'b', created_at: '2024-03-02T01:30:00.000000001Z' };
    await put({ ...NOBODY, [LOGINS]: [one, other] });
    expect(await day()).to.equal('2024-03-01');
  });

  it('takes what has no time for long ago, as a stack does', async () => {
    const never = { _id: 'c', last_refreshed_at: null, synchronized_at: 12 };
    await put({ [LOGINS]: [{ _id: 'a' }], [OAUTH_CLIENTS]: [never] });
    expect(await day()).to.equal('2018-01-01');
  });

  it('is not known where a document tells a time that is none, and names the document', async () => {
    for (const created_at of ['yesterday', '2024-02-30T00:00:00Z', '2024-02-01 00:00:00Z', 1_700_000_000]) {
      await put({ ...NOBODY, [LOGINS]: [{ _id: 'a', created_at }] });
      const error = await thrownBy(readLastActivity(server, instance));
      expect(error).to.have.property('code', 'unmeasured');
      expect(error).to.have.property('message').that.includes('created_at of document a of');
    }
    await put({ ...NOBODY, [OAUTH_CLIENTS]: [{ _id: 'c', synchronized_at: 'soon' }] });
    expect(await thrownBy(readLastActivity(server, instance))).to.have.property('code', 'unmeasured');
    await put(NOBODY, { [KEPT]: 'soon' });
    expect(await thrownBy(readLastActivity(server, instance))).to.have.property('code', 'unmeasured');
  });

  it('is not known without the database of logins, or that of clients', async () => {
    for (const doctype of [LOGINS, OAUTH_CLIENTS]) {
      await put({ [doctype]: [], [SESSIONS]: [] });
      expect(await thrownBy(readLastActivity(server, instance))).to.include({ code: 'couchdb', status: 404 });
    }
  });

  it('reads more documents than come in a page', async () => {
    const last = '2024-03-05T00:00:00Z';
    const logins = Array.from({ length: 1100 }, (_, at) => {
      return { _id: String(at).padStart(5, '0'), created_at: at === 1000 ? last : '2024-03-01T00:00:00Z' };
    });
    await put({ ...NOBODY, [LOGINS]: logins });
    expect((await readLastActivity(server, instance)).text).to.equal(last);
  });
});
