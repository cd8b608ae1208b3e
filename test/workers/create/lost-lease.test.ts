import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import { isFinished } from '../../../src/instances/documents/reservation.ts';
import { INSTANCES, readInstance } from '../../../src/instances/lookup/lookup.ts';
import { POOL } from '../../../src/instances/pool/pool-store.ts';
import { databases } from '../../../src/workers/create/databases.ts';
import { LostLock } from '../../../src/workers/stage/lease.ts';
import { creationContext } from '../../support/creation-context.ts';
import { type CreationPlaces, startCreationPlaces } from '../../support/creation-places.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('a creation whose lease is lost while a write waits for its turn', () => {
  let places: CreationPlaces;

  before(async () => {
    places = await startCreationPlaces();
  });

  afterEach(() => places.pool.clear());
  after(() => places.close());

  it('makes no further database', async () => {
    const narrow = connectCouch({ url: places.couchUrl, connections: 1 });
    const { options } = places.creation('databases');
    const prefix = prefixOf(options.domain);
    const instance = {
      _id: 'i',
      _rev: '1-a',
      domain: options.domain,
      prefix,
      locale: 'en',
      password_defined: false,
    };
    let isHeld = true;
    const server: CouchServer = {
      ...narrow,
      createDatabase: (name, asked, how) =>
        narrow.createDatabase(name, asked, {
          guard() {
            how?.guard?.();
            isHeld = false;
          },
        }),
    };
    const services = testServices(server, { storage: places.storage, designs: createDesignSource() });
    const context = {
      ...creationContext(services, options, instance),
      lease: {
        assertHeld() {
          if (!isHeld) throw new LostLock();
        },
      },
    };
    expect(await thrownBy(databases.run(context))).to.be.instanceOf(LostLock);
    await narrow.close();
    expect(await places.server.listDatabases(`${prefix}/`)).to.have.length(1);
  });

  /** Runs an attempt that loses its lease right when it asks for that write. */
  async function losesAt(name: string, isWrite: (database: unknown, document: unknown) => boolean) {
    const tried = places.creation(name);
    let isHeld = true;
    const ended = tried.attempt(
      async (call, [database, document], go) => {
        if (call === 'putDocument' && isWrite(database, document)) isHeld = false;
        return await go();
      },
      { isHeld: () => isHeld },
    );
    expect(await thrownBy(ended)).to.be.instanceOf(LostLock);
    return await readInstance(places.server, reservationId(tried.options.domain));
  }

  it('reserves nothing', async () => {
    expect(await losesAt('reserves', (database) => database === INSTANCES)).to.equal(undefined);
  });

  it('claims no item of the pool', async () => {
    const { prefix } = await places.pool.make();
    await losesAt('claims', (database) => database === POOL);
    expect(await places.pool.store.get(prefix)).to.include({ state: 'ready' });
  });

  it('puts nothing into use', async () => {
    const found = await losesAt(
      'finishes',
      (database, document) => database === INSTANCES && JSON.stringify(document).includes('register_token'),
    );
    expect(found && isFinished(found)).to.equal(false);
  });
});
