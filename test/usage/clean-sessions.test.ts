import { expect } from 'chai';
import type { CouchDocument } from '../../src/couchdb/server.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { Refusal } from '../../src/instances/errors.ts';
import { createPrefixIndex } from '../../src/instances/lookup/prefix-index.ts';
import { cleanSessions, countSessions } from '../../src/usage/clean-sessions.ts';
import { LOGINS, OAUTH_CLIENTS, SESSIONS } from '../../src/usage/last-activity.ts';
import { readLastActivity } from '../../src/usage/read-last-activity.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { thrownBy } from '../support/thrown-by.ts';

const KEPT = 'last_activity_from_deleted_oauth_clients';

describe('cleanSessions', () => {
  let fleet: TestFleet;
  let instance: StoredInstance;
  let count = 0;
  let written = 0;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
  });

  after(() => fleet.close());

  async function put(
    documents: Readonly<Record<string, readonly CouchDocument[]>>,
    fields: object = {},
  ): Promise<void> {
    count += 1;
    written = 0;
    const domain = fleet.domain(`clean-${count}`);
    instance = await fleet.putInstance({ domain, prefix: prefixOf(domain), cli_secret: 'kept', ...fields });
    for (const [doctype, all] of Object.entries({ [LOGINS]: [], [OAUTH_CLIENTS]: [], ...documents })) {
      await fleet.server.createDatabase(databaseName(prefixOf(domain), doctype));
      await fleet.server.bulkInsert(databaseName(prefixOf(domain), doctype), all);
    }
  }

  const clean = (logins = false, server = fleet.server, guard: () => void = () => undefined) =>
    cleanSessions(
      {
        global: server,
        cluster: () => server,
        prefixIndex: createPrefixIndex(fleet.server),
        id: instance._id,
        guard,
        logins,
        async willWrite() {
          written += 1;
        },
      },
      instance,
    );

  const idsOf = async (doctype: string) =>
    (await fleet.documents(instance.domain, doctype))
      .map(({ _id }) => _id)
      .filter((id) => !id.startsWith('_design/'));

  const stored = async () => {
    const now = await fleet.instance(instance.domain);
    if (now === undefined) throw new Error('it is gone');
    return now;
  };

  const lastDay = async () => (await readLastActivity(fleet.server, await stored())).day;

  it('deletes the documents of sessions, keeps logins and databases, and counts what went', async () => {
    await put({
      [LOGINS]: [{ _id: 'l', created_at: '2026-03-01T10:00:00Z' }],
      [SESSIONS]: [
        { _id: 'a', last_seen: '2026-03-02T10:00:00Z' },
        { _id: 'b', last_seen: '2026-03-03T10:00:00Z' },
      ],
    });
    expect(await countSessions(fleet.server, instance, true)).to.deep.equal({ [SESSIONS]: 2, [LOGINS]: 1 });
    expect(await clean()).to.equal(2);
    expect([await idsOf(SESSIONS), await idsOf(LOGINS)]).to.deep.equal([[], ['l']]);
    expect(await countSessions(fleet.server, instance, false)).to.deep.equal({});
    expect(written).to.equal(1);
  });

  it('keeps when the instance was last active, as it was written, to the day in its own zone', async () => {
    const seen = '2026-03-03T23:30:00.123456789-02:00';
    await put({
      [SESSIONS]: [
        { _id: 'a', last_seen: seen },
        { _id: 'b', last_seen: '2026-01-01T00:00:00Z' },
      ],
    });
    expect(await lastDay()).to.equal('2026-03-03');
    await clean();
    expect((await stored())[KEPT]).to.equal(seen);
    expect(await lastDay()).to.equal('2026-03-03');
  });

  it('writes nothing into the instance where a login that stays tells the same, even in another zone', async () => {
    await put({
      [LOGINS]: [{ _id: 'l', created_at: '2026-03-03T23:30:00-02:00' }],
      [SESSIONS]: [{ _id: 'a', last_seen: '2026-03-04T01:30:00Z' }],
    });
    await clean();
    expect(await stored()).to.deep.equal(instance);
    expect(await lastDay()).to.equal('2026-03-03');
  });

  it('keeps what logins told, where they go, too', async () => {
    await put({
      [LOGINS]: [{ _id: 'l', created_at: '2026-03-05T10:00:00+01:00' }],
      [SESSIONS]: [{ _id: 'a', last_seen: '2026-03-04T01:30:00Z' }],
    });
    expect(await clean(true)).to.equal(2);
    expect([await idsOf(SESSIONS), await idsOf(LOGINS)]).to.deep.equal([[], []]);
    expect((await stored())[KEPT]).to.equal('2026-03-05T10:00:00+01:00');
  });

  it('leaves a later time alone that was kept before', async () => {
    await put(
      { [SESSIONS]: [{ _id: 'a', last_seen: '2026-03-04T01:30:00Z' }] },
      { [KEPT]: '2026-04-01T00:00:00Z' },
    );
    await clean();
    expect(await stored()).to.deep.equal(instance);
  });

  it('finds nothing where nobody has ever logged in', async () => {
    await put({});
    expect(await clean(true)).to.equal(0);
    expect(written).to.equal(0);
    expect(await fleet.databases(instance.domain)).not.to.include(
      databaseName(prefixOf(instance.domain), SESSIONS),
    );
  });

  it('deletes nothing where a document tells no time', async () => {
    await put({
      [LOGINS]: [{ _id: 'l', created_at: 'yesterday' }],
      [SESSIONS]: [{ _id: 'a', last_seen: '2026-03-04T01:30:00Z' }],
    });
    expect(await thrownBy(clean())).to.include({ code: 'unmeasured' });
    expect(await idsOf(SESSIONS)).to.deep.equal(['a']);
    expect(written).to.equal(0);
  });

  it('keeps the time of a session that is used while it is deleted, and deletes it in its new revision', async () => {
    await put({ [SESSIONS]: [{ _id: 'a', last_seen: '2026-03-04T01:30:00Z' }] });
    const database = databaseName(prefixOf(instance.domain), SESSIONS);
    let used = false;
    const server = {
      ...fleet.server,
      async bulkInsert(...args: Parameters<typeof fleet.server.bulkInsert>) {
        if (!used) {
          used = true;
          const session = await fleet.server.getDocument(database, 'a');
          await fleet.server.putDocument(database, {
            ...session,
            _id: 'a',
            last_seen: '2026-05-01T00:00:00Z',
          });
          await fleet.server.putDocument(database, { _id: 'new', last_seen: '2026-05-02T00:00:00Z' });
        }
        return await fleet.server.bulkInsert(...args);
      },
    };
    expect(await clean(false, server)).to.equal(1);
    // Whoever logs in meanwhile stays.
    expect(await idsOf(SESSIONS)).to.deep.equal(['new']);
    expect(await lastDay()).to.equal('2026-05-02');
    expect(written).to.equal(1);
  });

  it('stops before a write once the guard refuses', async () => {
    await put({ [SESSIONS]: [{ _id: 'a', last_seen: '2026-03-04T01:30:00Z' }] });
    let asked = 0;
    const guard = () => {
      asked += 1;
      if (asked > 1) throw new Refusal('superseded', 'another life');
    };
    expect(await thrownBy(clean(false, fleet.server, guard))).to.include({ code: 'superseded' });
    expect(await idsOf(SESSIONS)).to.deep.equal(['a']);
    expect(await stored()).to.deep.equal(instance);
  });

  it('touches no databases that could be another instance’s', async () => {
    await put({ [SESSIONS]: [{ _id: 'a', last_seen: '2026-03-04T01:30:00Z' }] });
    await fleet.putInstance({ domain: fleet.domain(`twin-${count}`), prefix: prefixOf(instance.domain) });
    expect(await thrownBy(clean())).to.include({ code: 'shared_prefix' });
    expect(await idsOf(SESSIONS)).to.deep.equal(['a']);
  });
});
