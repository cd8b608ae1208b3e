import { expect } from 'chai';
import { DATABASES, FILES } from '../../../src/instances/databases/databases.ts';
import { databaseName, prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES, readInstance } from '../../../src/instances/lookup/lookup.ts';
import type { PoolItem } from '../../../src/instances/pool/pool-item.ts';
import { POOL } from '../../../src/instances/pool/pool-store.ts';
import { pause } from '../../../src/pause.ts';
import { Signal } from '../../support/chaos-signal.ts';
import type { Step, TriedCreation } from '../../support/creation-attempts.ts';
import { type CreationPlaces, startCreationPlaces } from '../../support/creation-places.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { startToldRecorder, type ToldRecorder } from '../../support/told-recorder.ts';

describe('an instance with databases from the pool', () => {
  let places: CreationPlaces;

  before(async () => {
    places = await startCreationPlaces();
  });

  afterEach(() => places.pool.clear());
  after(() => places.close());

  async function stored({ options }: TriedCreation): Promise<StoredInstance> {
    const found = await readInstance(places.server, reservationId(options.domain));
    if (found === undefined) throw new Error(`${options.domain} is not there`);
    return found;
  }

  /** Names of databases below the prefix that is computed from the domain. */
  function computed({ options }: TriedCreation): Promise<string[]> {
    return places.server.listDatabases(`${prefixOf(options.domain)}/`);
  }

  async function designsIn(database: string): Promise<string[]> {
    const range = { startKey: '_design/', endKey: '_design0' };
    return (await places.server.allDocuments(database, range)).map(({ id }) => id);
  }

  /** Does something once, right before or after the first call of that name whose first two arguments fit. */
  function onceAt(
    when: 'before' | 'after',
    call: string,
    fits: (database: unknown, second: unknown) => boolean,
    work: () => Promise<unknown>,
  ): Step {
    let isDue = true;
    return async (name, [database, second], go) => {
      const isNow = isDue && name === call && fits(database, second);
      if (isNow) isDue = false;
      if (isNow && when === 'before') await work();
      const answer = await go();
      if (isNow && when === 'after') await work();
      return answer;
    };
  }

  const isFinal = (database: unknown, document: unknown) =>
    database === INSTANCES && JSON.stringify(document).includes('register_token');
  const isReserving = (database: unknown, document: unknown) =>
    database === INSTANCES && !isFinal(database, document);

  it('has those databases, and no others', async () => {
    const { prefix } = await places.pool.make();
    const tried = places.creation('from-pool');
    expect(await tried.attempt()).to.equal('created');
    expect(await stored(tried)).to.have.property('prefix', prefix);
    const names = DATABASES.map(({ doctype }) => databaseName(prefix, doctype));
    expect(await places.pool.databases(prefix)).to.have.members(names);
    expect(await computed(tried)).to.deep.equal([]);
  });

  it('is not in the books of the pool any more', async () => {
    const { prefix } = await places.pool.make();
    await places.creation('forgotten').attempt();
    expect(await places.pool.store.get(prefix)).to.equal(undefined);
  });

  /** One attempt with a Redis that is slow: what is done beyond the worker, and what is recorded once it is. */
  async function notesOf(tried: TriedCreation): Promise<string[]> {
    const notes: string[] = [];
    await tried.attempt(async (name, args, go) => {
      if (name !== 'record') {
        notes.push(`${name} ${JSON.stringify(args)}`);
        return await go();
      }
      await pause(100);
      await go();
      notes.push(`recorded ${JSON.stringify(tried.progress)}`);
      return undefined;
    });
    return notes;
  }

  it('claims its item once its job is known to have it in mind', async () => {
    const { prefix } = await places.pool.make();
    const notes = await notesOf(places.creation('named'));
    const named = notes.findIndex((note) => note.startsWith('recorded') && note.includes(prefix));
    const claimed = notes.findIndex((note) => note.startsWith('putDocument'));
    expect(named).to.be.within(0, claimed - 1);
  });

  it('looks whether its item is whole while its job is told of it', async () => {
    const { prefix } = await places.pool.make();
    const named = new Signal<void>();
    const ended = places.creation('looks').attempt(async (name, args, go) => {
      if (name === 'record' && JSON.stringify(args).includes(prefix)) named.give();
      if (name === 'listDatabases' && String(args[0]).startsWith(prefix)) await named.given;
      return await go();
    });
    expect(await ended).to.equal('created');
  });

  it('is in use once it is known what has filled it', async () => {
    await places.pool.make();
    const notes = await notesOf(places.creation('known'));
    const isFilled = (note: string) =>
      note.startsWith('recorded') && /"stage":"settings","state":"done"/.test(note);
    const known = notes.findIndex(isFilled);
    const used = notes.findIndex((note) => note.startsWith('putDocument') && note.includes('register_token'));
    expect(known).to.be.within(0, used - 1);
  });

  it('gets nothing from a worker that slept past its lock once it was reserved', async () => {
    const { prefix } = await places.pool.make();
    const tried = places.creation('slept');
    let isHeld = true;
    const sleeps = onceAt('after', 'putDocument', isReserving, async () => {
      isHeld = false;
    });
    const written: string[] = [];
    const watching: Step = async (name, args, go) => {
      const answer = await sleeps(name, args, go);
      if (name === 'bulkInsert') written.push(String(args[0]));
      return answer;
    };
    expect(await thrownBy(tried.attempt(watching, { isHeld: () => isHeld }))).to.include({
      code: 'lost_lock',
    });
    expect(written).to.deep.equal([]);
    await tried.attempt();
    expect(await stored(tried)).to.have.property('prefix', prefix);
  });

  it('costs five records', async () => {
    await places.pool.make();
    const notes = await notesOf(places.creation('records'));
    expect(notes.filter((note) => note.startsWith('recorded'))).to.have.length(5);
  });

  it('costs no request for a database or a design document', async () => {
    await places.pool.make();
    const calls: string[] = [];
    await places.creation('cheap').attempt((name, args, go) => {
      calls.push(`${name} ${JSON.stringify(args)}`);
      return go();
    });
    expect(
      calls.filter((call) => call.startsWith('createDatabase') || call.includes('_design')),
    ).to.deep.equal([]);
    expect(calls.filter((call) => call.startsWith('bulkInsert'))).to.have.length(3);
  });

  it('is made as ever where the pool is empty', async () => {
    const tried = places.creation('empty');
    await tried.attempt();
    expect(await stored(tried)).to.have.property('prefix', prefixOf(tried.options.domain));
  });

  it('is made as ever, without a look at the books, where the pool was switched off', async () => {
    const item = await places.pool.make();
    const tried = places.creation('off');
    const asked: unknown[] = [];
    const watching: Step = (_name, [database], go) => {
      asked.push(database);
      return go();
    };
    await tried.attempt(watching, { size: 0 });
    expect(await stored(tried)).to.have.property('prefix', prefixOf(tried.options.domain));
    expect(asked).not.to.include(POOL);
    expect(await places.pool.store.get(item.prefix)).to.deep.equal(item);
  });

  for (const [what, change] of [
    ['of other definitions', { definitions: '0'.repeat(32) }],
    ['on another cluster', { cluster: 1 }],
    ["another job's", { state: 'claimed', domain: 'other.example.org' }],
    ['on its way out', { state: 'removing' }],
  ] as const)
    it(`leaves an item alone that is ${what}`, async () => {
      const item = await places.pool.make(change);
      const tried = places.creation('leaves');
      await tried.attempt();
      expect(await stored(tried)).to.have.property('prefix', prefixOf(tried.options.domain));
      expect(await places.pool.store.get(item.prefix)).to.deep.equal(item);
    });

  it('leaves the reserve to others where it is of a batch', async () => {
    await places.pool.make();
    const row = places.creation('row');
    const single = places.creation('single');
    await row.attempt(undefined, { reserve: 1, isRow: true });
    await single.attempt(undefined, { reserve: 1 });
    expect(await stored(row)).to.have.property('prefix', prefixOf(row.options.domain));
    expect(await stored(single)).not.to.have.property('prefix', prefixOf(single.options.domain));
  });

  it('takes no item where the domain is refused', async () => {
    const item = await places.pool.make();
    const tried = places.creation('left');
    await places.server.createDatabase(`${prefixOf(tried.options.domain)}/io-cozy-files`);
    expect(await thrownBy(tried.attempt())).to.include({ code: 'leftovers' });
    expect(await places.pool.store.get(item.prefix)).to.deep.equal(item);
  });

  it('keeps the prefix of its reservation, whatever is in the pool by then', async () => {
    const tried = places.creation('adopted');
    const killed = onceAt('after', 'putDocument', isReserving, () => Promise.reject(new Error('killed')));
    expect(await thrownBy(tried.attempt(killed))).to.include({ message: 'killed' });
    const item = await places.pool.make();
    await tried.attempt();
    expect(await stored(tried)).to.have.property('prefix', prefixOf(tried.options.domain));
    expect(await places.pool.store.get(item.prefix)).to.deep.equal(item);
  });

  describe('of which somebody has removed a database while it was ready', () => {
    async function lacking(): Promise<string> {
      const { prefix } = await places.pool.make();
      await places.server.deleteDatabase(databaseName(prefix, 'io.cozy.shared'));
      return prefix;
    }

    it('is made as ever where there is no other, and the item goes', async () => {
      const prefix = await lacking();
      const tried = places.creation('lacking');
      expect(await tried.attempt()).to.equal('created');
      expect(await stored(tried)).to.have.property('prefix', prefixOf(tried.options.domain));
      expect(await places.pool.store.get(prefix)).to.include({ state: 'removing' });
      await places.pool.sweep(prefix);
    });

    it('gets another one that is whole', async () => {
      for (let items = 0; items < 3; items += 1) await lacking();
      const { prefix } = await places.pool.make();
      const tried = places.creation('whole');
      await tried.attempt();
      expect(await stored(tried)).to.have.property('prefix', prefix);
    });

    it('gets one that was made since the books were read, where those that were in them are gone', async () => {
      const items: PoolItem[] = [];
      for (let at = 0; at < 6; at += 1) items.push(await places.pool.make());
      let prefix: string | undefined;
      const booksRead = onceAt(
        'after',
        'allDocuments',
        (database) => database === POOL,
        async () => {
          for (const item of items) {
            for (const name of await places.pool.databases(item.prefix))
              await places.server.deleteDatabase(name);
            await places.pool.store.forget(item);
          }
          ({ prefix } = await places.pool.make());
        },
      );
      const tried = places.creation('since');
      expect(await tried.attempt(booksRead)).to.equal('created');
      expect(prefix).to.be.a('string');
      expect(await stored(tried)).to.have.property('prefix', prefix);
    });
  });

  for (const size of [0, 100])
    it(`goes on with its item when ${size === 0 ? 'the pool was switched off' : 'its worker died'}`, async () => {
      await places.pool.make();
      await places.pool.make();
      const tried = places.creation(`goes-on-${size}`);
      const killed = onceAt('before', 'putDocument', isReserving, () => Promise.reject(new Error('killed')));
      expect(await thrownBy(tried.attempt(killed))).to.include({ message: 'killed' });
      const named = tried.progress.prefix;
      await tried.attempt(undefined, { size });
      expect(await stored(tried)).to.have.property('prefix', named);
      expect(await places.pool.store.get(named ?? '')).to.equal(undefined);
    });

  describe('of which something was lost before it was in use', () => {
    const die = () => Promise.reject(new Error('killed'));

    /** Loses a database, and a design document of another one, once all is written but the last document. */
    async function spoiled(name: string) {
      const { prefix } = await places.pool.make();
      const tried = places.creation(name);
      const last = onceAt('before', 'putDocument', isFinal, die);
      expect(await thrownBy(tried.attempt(last))).to.include({ message: 'killed' });
      const database = databaseName(prefix, 'io.cozy.shared');
      const files = databaseName(prefix, FILES);
      const designs = [...(await designsIn(database)), ...(await designsIn(files))];
      await places.server.deleteDatabase(database);
      const [design = ''] = await designsIn(files);
      const { _rev = '' } = (await places.server.getDocument(files, design)) ?? {};
      await places.server.deleteDocument(files, design, _rev);
      const now = async () => [...(await designsIn(database)), ...(await designsIn(files))];
      return { tried, database, designs, now };
    }

    it('is made whole where an operator has it tried again', async () => {
      const { tried, designs, now } = await spoiled('lost');
      expect(await tried.attempt(undefined, { generation: 1 })).to.equal('created');
      expect(await now()).to.deep.equal(designs);
    });

    it('is made whole by another attempt where that one died half-way', async () => {
      const { tried, database, designs, now } = await spoiled('lost-twice');
      const dies = onceAt('before', 'bulkInsert', (name) => name === database, die);
      expect(await thrownBy(tried.attempt(dies, { generation: 1 }))).to.include({ message: 'killed' });
      expect(await tried.attempt(undefined, { generation: 1 })).to.equal('created');
      expect(await now()).to.deep.equal(designs);
    });
  });

  it('takes another item where its own went before it was reserved', async () => {
    await places.pool.make();
    await places.pool.make();
    const tried = places.creation('another');
    const killed = onceAt('before', 'putDocument', isReserving, () => Promise.reject(new Error('killed')));
    await thrownBy(tried.attempt(killed));
    const named = tried.progress.prefix ?? '';
    await places.pool.sweep(named);
    await tried.attempt();
    const { prefix = '' } = await stored(tried);
    expect(prefix).not.to.be.oneOf([named, prefixOf(tried.options.domain)]);
    expect(await places.pool.databases(named)).to.deep.equal([]);
  });

  it('waits for the sweep where its own item is being removed', async () => {
    await places.pool.make();
    const tried = places.creation('waits');
    const goes = onceAt('after', 'putDocument', isReserving, async () => {
      const item = await places.pool.store.get(tried.progress.prefix ?? '');
      if (item !== undefined) await places.pool.store.move(item, { ...item, state: 'removing' });
    });
    expect(await thrownBy(tried.attempt(goes))).to.include({ code: 'pool_item_lost', kind: 'retry' });
    await places.pool.sweep(tried.progress.prefix ?? '');
    expect(await tried.attempt()).to.equal('created');
  });

  describe('whose prefix turns out to be another document\u2019s', () => {
    it('gives its reservation up, and takes another', async () => {
      await places.pool.make();
      await places.pool.make();
      const tried = places.creation('loses');
      let other = '';
      const shared = onceAt('before', 'putDocument', isReserving, async () => {
        other = `other-${tried.progress.prefix}`;
        const document = { _id: other, domain: 'other.example.org', prefix: tried.progress.prefix };
        await places.server.putDocument(INSTANCES, document);
      });
      expect(await thrownBy(tried.attempt(shared))).to.include({ code: 'pool_item_lost' });
      expect(await readInstance(places.server, reservationId(tried.options.domain))).to.equal(undefined);
      expect(await tried.attempt()).to.equal('created');
      const document = await places.server.getDocument(INSTANCES, other);
      expect(await stored(tried)).not.to.have.property('prefix', document?.['prefix']);
      await places.server.deleteDocument(INSTANCES, other, document?._rev ?? '');
    });
  });

  describe('whose domain a stack makes at the same time', () => {
    /** As a stack writes it: with an id of its own, and the prefix that it computes. */
    async function byStack({ options: { domain } }: TriedCreation): Promise<() => Promise<void>> {
      const document = { _id: `stack-${domain}`, domain, prefix: prefixOf(domain), register_token: 'eA==' };
      const rev = await places.server.putDocument(INSTANCES, document);
      return () => places.server.deleteDocument(INSTANCES, document._id, rev);
    }

    it('is taken back when the other comes up once it is in use', async () => {
      const { prefix } = await places.pool.make();
      const tried = places.creation('twice');
      let remove = async () => {};
      const beside = onceAt('after', 'putDocument', isFinal, async () => {
        remove = await byStack(tried);
      });
      expect(await thrownBy(tried.attempt(beside))).to.include({ code: 'second_owner' });
      expect(await readInstance(places.server, reservationId(tried.options.domain))).to.equal(undefined);
      expect(await places.pool.store.get(prefix)).to.include({ state: 'claimed' });
      await remove();
    });

    describe('and of which a service of common settings is to be told', () => {
      let recorder: ToldRecorder;

      before(async () => {
        recorder = await startToldRecorder();
      });
      after(() => recorder.close());

      it('is not told of when it is taken back', async () => {
        await places.pool.make();
        const tried = places.creation('untold');
        let remove = async () => {};
        const beside = onceAt('after', 'putDocument', isFinal, async () => {
          remove = await byStack(tried);
        });
        const { commonSettings } = recorder;
        const error = await thrownBy(tried.attempt(beside, { commonSettings }));
        expect(error).to.include({ code: 'second_owner' });
        expect(recorder.taken()).to.deep.equal([]);
        await remove();
      });

      it('is told of, and in the books no more, when it stays', async () => {
        const { prefix } = await places.pool.make();
        const tried = places.creation('told');
        await tried.attempt(undefined, { commonSettings: recorder.commonSettings });
        expect(recorder.taken().map(({ method }) => method)).to.deep.equal(['POST']);
        expect(await stored(tried)).to.include({ common_settings_version: 1 });
        expect(await places.pool.store.get(prefix)).to.equal(undefined);
      });

      it('is told of by the attempt after one that died once it was in use', async () => {
        await places.pool.make();
        const tried = places.creation('told-late');
        const { commonSettings } = recorder;
        const killed = onceAt('after', 'putDocument', isFinal, () => Promise.reject(new Error('killed')));
        await thrownBy(tried.attempt(killed, { commonSettings }));
        expect(recorder.taken()).to.deep.equal([]);
        await tried.attempt(undefined, { commonSettings });
        expect(recorder.taken().map(({ method }) => method)).to.deep.equal(['POST']);
      });
    });

    it('is taken back when the other has begun with its databases', async () => {
      await places.pool.make();
      const tried = places.creation('begun');
      const beside = onceAt('after', 'putDocument', isFinal, () =>
        places.server.createDatabase(`${prefixOf(tried.options.domain)}/io-cozy-files`),
      );
      expect(await thrownBy(tried.attempt(beside))).to.include({ code: 'second_owner' });
      expect(await readInstance(places.server, reservationId(tried.options.domain))).to.equal(undefined);
    });

    it('stays, and says so, when somebody has changed it since', async () => {
      await places.pool.make();
      const tried = places.creation('used');
      let remove = async () => {};
      const beside = onceAt('after', 'putDocument', isFinal, async () => {
        remove = await byStack(tried);
        await places.server.putDocument(INSTANCES, { ...(await stored(tried)), onboarding_finished: true });
      });
      const error = await thrownBy(tried.attempt(beside));
      expect(error).to.include({ code: 'second_owner' });
      expect(error).to.have.property('advice').that.includes('Both are there');
      expect(await stored(tried)).to.include({ onboarding_finished: true });
      await remove();
    });

    it('stays, and says so, when its worker died in between', async () => {
      await places.pool.make();
      const tried = places.creation('late');
      const killed = onceAt('after', 'putDocument', isFinal, () => Promise.reject(new Error('killed')));
      await thrownBy(tried.attempt(killed));
      const remove = await byStack(tried);
      const error = await thrownBy(tried.attempt());
      expect(error).to.have.property('advice').that.includes('Both are there');
      expect(await stored(tried)).to.have.property('register_token');
      await remove();
    });
  });
});
