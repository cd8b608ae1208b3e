import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import { CouchError } from '../../../src/couchdb/errors.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { createPrefixIndex, type PrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';

/** A server that has just deleted a database takes a moment to make it again. */
async function isMade(work: Promise<unknown>): Promise<boolean> {
  return await work.then(
    () => true,
    () => false,
  );
}

describe('the index of prefixes', () => {
  let fleet: TestFleet;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
  });

  after(() => fleet.close());

  const prefixFor = (name: string) => fleet.domain(name).replaceAll('.', '-');

  async function ofPrefix(prefixIndex: PrefixIndex, prefix: string, but?: string): Promise<string[]> {
    return (await prefixIndex.refresh()).ofPrefix(prefix, but).map(({ _id, field }) => `${_id} ${field}`);
  }

  /** A server whose only changes are these documents, over and over. */
  function changesOf(
    documents: readonly CouchDocument[],
    onAsked: () => void = () => undefined,
  ): CouchServer {
    return {
      ...fleet.server,
      async changes() {
        onAsked();
        return { changes: documents.map((doc) => ({ id: doc._id, doc })), lastSequence: '1' };
      },
    };
  }

  it('knows the other documents of a prefix, as they are now', async () => {
    const prefix = prefixFor('index');
    const prefixIndex = createPrefixIndex(fleet.server);
    const one = await fleet.putInstance({ domain: fleet.domain('one'), prefix });
    expect(await ofPrefix(prefixIndex, prefix, one._id)).to.deep.equal([]);
    const other = await fleet.putInstance({ domain: fleet.domain('other'), prefix });
    expect(await ofPrefix(prefixIndex, prefix, one._id)).to.deep.equal([`${other._id} prefix`]);
    await fleet.server.deleteDocument(INSTANCES, other._id, other._rev);
    expect(await ofPrefix(prefixIndex, prefix, one._id)).to.deep.equal([]);
  });

  it('counts a document without a domain: it may be all that is known of somebody’s databases', async () => {
    const prefix = prefixFor('nameless');
    for (const fields of [{}, { domain: 7 }]) {
      const _id = `${prefix}-${Object.keys(fields).length}`;
      const _rev = await fleet.server.putDocument(INSTANCES, { _id, prefix, ...fields });
      const owners = await createPrefixIndex(fleet.server).refresh();
      const [claim, ...others] = owners.ofPrefix(prefix, 'mine');
      expect(claim).to.deep.include({ _id, domain: '', field: 'prefix' });
      expect(claim?.unreadable).to.include({ field: 'domain' });
      expect(others).to.deep.equal([]);
      expect(owners.unreadable().map((each) => each._id)).to.include(_id);
      await fleet.server.deleteDocument(INSTANCES, _id, _rev);
    }
  });

  it('forgets what a document said before it was changed', async () => {
    const _id = prefixFor('changed');
    const domain = fleet.domain('before');
    const prefixIndex = createPrefixIndex(fleet.server);
    const rev = await fleet.server.putDocument(INSTANCES, { _id, domain, prefix: 5 });
    expect((await prefixIndex.refresh()).ofDirectory(domain)).to.have.length(1);
    const next = { _id, _rev: rev, domain: fleet.domain('after'), prefix: _id };
    const _rev = await fleet.server.putDocument(INSTANCES, next);
    const owners = await prefixIndex.refresh();
    expect(owners.ofDirectory(domain)).to.deep.equal([]);
    expect(owners.ofPrefix(prefixOf(domain))).to.deep.equal([]);
    expect(owners.unreadable().filter((each) => each._id === _id)).to.deep.equal([]);
    await fleet.server.deleteDocument(INSTANCES, _id, _rev);
  });

  it('knows the revision that a document has, and none of one that is gone', async () => {
    const prefixIndex = createPrefixIndex(fleet.server);
    const one = await fleet.putInstance({ domain: fleet.domain('revision') });
    expect((await prefixIndex.refresh()).revisionOf(one._id)).to.equal(one._rev);
    const _rev = await fleet.server.putDocument(INSTANCES, { ...one, locale: 'fr' });
    expect((await prefixIndex.refresh()).revisionOf(one._id)).to.equal(_rev);
    await fleet.server.deleteDocument(INSTANCES, one._id, _rev);
    expect((await prefixIndex.refresh()).revisionOf(one._id)).to.equal(undefined);
  });

  it('knows no revision any more where another database has the place of the one that it read', async () => {
    const pages = [
      { changes: [{ id: 'a', doc: { _id: 'a', _rev: '1-a', domain: 'a.org' } }], lastSequence: '7-x' },
      { changes: [], lastSequence: '0-y' },
    ];
    const server = {
      ...fleet.server,
      changes: async () => pages.shift() ?? { changes: [], lastSequence: '0' },
    };
    const prefixIndex = createPrefixIndex(server);
    expect((await prefixIndex.refresh()).revisionOf('a')).to.equal('1-a');
    expect((await prefixIndex.refresh()).revisionOf('a')).to.equal(undefined);
  });

  describe('of a database that another one has taken the place of', () => {
    const design = { _id: '_design/domain-by-uuid', _rev: '1-d' };
    const first = { _id: 'first', _rev: '2-a', domain: 'first.org', prefix: 'first-org' };
    const second = { _id: 'second', _rev: '1-b', domain: 'second.org', prefix: 'second-org' };

    /** As CouchDB, it begins anew for a sequence that another database has given. */
    class Restored {
      documents: readonly CouchDocument[] = [design, first];
      sequence = '7-x';
      madeAt = '1';
      readonly asked: string[] = [];
      /** Stands in the way of a page. */
      meanwhile: (since: string) => Promise<void> = async () => undefined;
      readonly server: CouchServer;

      constructor() {
        this.server = {
          ...fleet.server,
          changes: async (_database, since) => {
            this.asked.push(since);
            await this.meanwhile(since);
            const told = since === this.sequence ? [] : this.documents;
            return { changes: told.map((doc) => ({ id: doc._id, doc })), lastSequence: this.sequence };
          },
          databaseFacts: async () => {
            this.asked.push('facts');
            return { documents: this.documents.length, madeAt: this.madeAt, copies: 1, sequence: '0' };
          },
        };
      }

      restore(documents: readonly CouchDocument[], sequence: string): void {
        this.documents = documents;
        this.sequence = sequence;
        this.madeAt = String(Number(this.madeAt) + 1);
      }
    }

    it('has forgotten what that one does not have, where it has come further already', async () => {
      const database = new Restored();
      const prefixIndex = createPrefixIndex(database.server);
      expect((await prefixIndex.refresh()).revisionOf('first')).to.equal('2-a');
      database.restore([design, second], '9-y');
      const owners = await prefixIndex.refresh();
      expect(owners.revisionOf('first')).to.equal(undefined);
      expect(owners.ofPrefix('first-org')).to.deep.equal([]);
      expect(owners.ofPrefix('second-org')).to.have.length(1);
      expect(owners.size).to.equal(1);
    });

    it('has what an earlier state has below the sequence that it has not reached again', async () => {
      const database = new Restored();
      const prefixIndex = createPrefixIndex(database.server);
      await prefixIndex.refresh();
      const ask = database.server.changes;
      // Of the same database, so that it tells nothing below a sequence that it gave.
      const changes: CouchServer['changes'] = async (name, since, ...more) =>
        since === '7-x' ? { changes: [], lastSequence: '5-x' } : await ask(name, since, ...more);
      Object.assign(database.server, { changes });
      database.restore([design, second], '5-x');
      expect((await prefixIndex.refresh()).ofPrefix('second-org')).to.have.length(1);
    });

    it('is read anew where it was gone in between', async () => {
      const database = new Restored();
      const prefixIndex = createPrefixIndex(database.server);
      await prefixIndex.refresh();
      const gone = { status: 404, error: 'not_found', reason: 'Database does not exist.' };
      database.meanwhile = () => Promise.reject(new CouchError('db', 'reading', gone));
      expect(await thrownBy(prefixIndex.refresh())).to.include({ status: 404 });
      database.meanwhile = async () => undefined;
      database.restore([second], '9-y');
      expect((await prefixIndex.refresh()).revisionOf('first')).to.equal(undefined);
    });

    it('says what it knew until that one was read', async () => {
      const database = new Restored();
      const prefixIndex = createPrefixIndex(database.server);
      const owners = await prefixIndex.refresh();
      database.restore([design, first, second], '9-y');
      const seen: number[] = [];
      database.meanwhile = async () => void seen.push(owners.ofPrefix('first-org').length);
      await prefixIndex.refresh();
      expect(seen).to.deep.equal([1, 1]);
    });

    it('says nothing before that one was read to its end', async () => {
      const database = new Restored();
      const prefixIndex = createPrefixIndex(database.server);
      await prefixIndex.refresh();
      database.restore([design, second], '9-y');
      const down = new CouchError('db', 'reading', { status: 500, error: 'down', reason: 'down' });
      database.meanwhile = (since) => (since === '0' ? Promise.reject(down) : Promise.resolve());
      expect(await thrownBy(prefixIndex.refresh())).to.equal(down);
      expect(await thrownBy(prefixIndex.refresh())).to.equal(down);
      database.meanwhile = async () => undefined;
      expect((await prefixIndex.refresh()).revisionOf('first')).to.equal(undefined);
    });

    it('is not read anew for each node that tells again', async () => {
      const database = new Restored();
      const prefixIndex = createPrefixIndex(database.server);
      await prefixIndex.refresh();
      // The same database, by the sequences of other nodes.
      database.sequence = '8-of-another-node';
      await prefixIndex.refresh();
      database.asked.length = 0;
      database.sequence = '9-of-a-third-node';
      expect((await prefixIndex.refresh()).size).to.equal(1);
      expect(database.asked).to.deep.equal(['8-of-another-node', 'facts']);
    });

    it('is known for what it is, whatever CouchDB has told before', async () => {
      const name = `${fleet.domain('lives').replaceAll(/[.-]/g, '')}/instances`;
      const couch = fleet.server;
      const within: CouchServer = {
        ...couch,
        changes: (_database, ...more) => couch.changes(name, ...more),
        databaseFacts: (_database, ...more) => couch.databaseFacts(name, ...more),
      };
      const put = (_id: string) => couch.putDocument(name, { _id, domain: `${_id}.org` });
      const make = () => until('it is made', () => isMade(couch.createDatabase(name)));
      await make();
      for (const id of ['both', 'gone']) await put(id);
      const prefixIndex = createPrefixIndex(within);
      expect((await prefixIndex.refresh()).size).to.equal(2);
      await couch.deleteDatabase(name);
      await make();
      for (const id of ['both', 'one', 'two', 'three']) await until(id, () => isMade(put(id)));
      const owners = await prefixIndex.refresh();
      await couch.deleteDatabase(name);
      expect(owners.size).to.equal(4);
      for (const id of ['both', 'one', 'two', 'three']) {
        expect(owners.ofDirectory(`${id}.org`), id).to.have.length(1);
      }
      expect(owners.ofDirectory('gone.org')).to.deep.equal([]);
    });
  });

  it('gives up what is not answered, by a time of its own', async () => {
    const server: CouchServer = {
      ...fleet.server,
      changes: (_database, _since, _limit, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
    };
    const refreshing = createPrefixIndex(server, 1).refresh(new AbortController().signal);
    expect(await thrownBy(refreshing)).to.be.instanceOf(CouchError);
  });

  it('is not led astray by names that every object has', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const documents = names.map((name) => ({ _id: name, domain: name, prefix: name }));
    // As `JSON.parse` makes it: a property of its own.
    const own: CouchDocument = JSON.parse(
      '{"_id":"own","domain":"own.org","__proto__":{"prefix":"cozy-own"}}',
    );
    const owners = await createPrefixIndex(changesOf([...documents, own])).refresh();
    for (const name of names) {
      expect(owners.ofDirectory(name).map(({ _id }) => _id)).to.deep.equal([name]);
      expect(owners.ofPrefix(name, name)).to.deep.equal([]);
    }
    expect(owners.ofPrefix('cozy-own')).to.deep.equal([]);
    expect(owners.ofPrefix('valueOf')).to.deep.equal([]);
    expect(owners.unreadable()).to.deep.equal([]);
  });

  it('reads a document that is nested without end', async () => {
    let domain: unknown = 'deep.org';
    for (let depth = 0; depth < 100_000; depth += 1) domain = [domain];
    const owners = await createPrefixIndex(changesOf([{ _id: 'deep', domain }])).refresh();
    expect(owners.ofDirectory('deep.org').map(({ _id }) => _id)).to.deep.equal(['deep']);
  });

  it('asks once for all who look while it reads', async () => {
    let asked = 0;
    const prefixIndex = createPrefixIndex(
      changesOf([], () => {
        asked += 1;
      }),
    );
    await Promise.all([
      prefixIndex.refresh(),
      prefixIndex.refresh(),
      prefixIndex.refresh(),
      prefixIndex.refresh(),
    ]);
    // Those who came while the first was read need another one: it may have been answered before they asked.
    expect(asked).to.be.at.most(2);
    await prefixIndex.refresh();
    expect(asked).to.be.at.most(3);
  });

  it('holds 20,000 documents in less than 50 MB', async function () {
    this.timeout(30_000);
    const change = (at: number) => {
      const domain = `user-${at}.school.example.org`;
      const names = { old_domain: `old-${domain}`, domain_aliases: [`alias-${domain}`] };
      const id = at.toString(16).padStart(32, '0');
      return {
        id,
        doc: { _id: id, domain, prefix: prefixOf(domain), ...names, cli_secret: 'x'.repeat(1_000) },
      };
    };
    let given = 0;
    const prefixIndex = createPrefixIndex({
      ...fleet.server,
      async changes() {
        const from = given;
        given = Math.min(20_000, given + 1_000);
        const changes = Array.from({ length: given - from }, (_, at) => change(from + at));
        return { changes, lastSequence: String(given) };
      },
    });
    const before = heapUsed();
    expect((await prefixIndex.refresh()).size).to.equal(20_000);
    expect(heapUsed() - before).to.be.below(50_000_000);
  });
});

/** Bytes that are in use after what is not has been collected. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
