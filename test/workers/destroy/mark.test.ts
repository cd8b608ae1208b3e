import { expect } from 'chai';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { Refusal } from '../../../src/instances/errors.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { createDateStore } from '../../../src/jobs/dates/date-store.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { DestroyContext } from '../../../src/workers/destroy/context.ts';
import { mark } from '../../../src/workers/destroy/mark.ts';
import { destroyContext } from '../../support/destroy-attempt.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { destroyDate } from '../../support/test-dates.ts';
import { testServices } from '../../support/test-services.ts';

describe('marking an instance for its destruction', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });
  after(() => test.close());

  /** Somebody writes the document right before we do, the first times. */
  function busyServer(id: string, times: number): CouchServer {
    let left = times;
    return {
      ...test.server,
      async putDocument(database, document, signal) {
        if (left > 0) {
          left -= 1;
          const now = await test.server.getDocument(INSTANCES, id);
          if (now !== undefined) await test.server.putDocument(INSTANCES, { ...now, [`x${left}`]: left });
        }
        return await test.server.putDocument(database, document, signal);
      },
    };
  }

  function contextOf(instance: StoredInstance, global: CouchServer, wasMarked = false): DestroyContext {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const services = { ...testServices(test.server, places), global };
    return { ...destroyContext(services, instance), wasMarked };
  }

  async function put(name: string): Promise<StoredInstance> {
    return await test.putInstance({
      domain: test.domain(name),
      prefix: `cozy${'d'.repeat(32)}`,
      cli_secret: 'eA==',
    });
  }

  it('sets the flag however often somebody else writes the document first', async () => {
    const instance = await put('busy');
    await mark.run(contextOf(instance, busyServer(instance._id, 3)));
    expect(await test.instance(instance.domain)).to.include({ deleting: true, x0: 0, x1: 1, x2: 2 });
    await test.remove(instance.domain);
  });

  it('leaves the own instance of an organization alone that others have joined, where it goes as being on no list', async () => {
    const instance = await put('own');
    const [orgId = ''] = instance.domain.split('.');
    const member = await test.putInstance({
      domain: test.domain('member'),
      prefix: `cozy${'e'.repeat(32)}`,
      cli_secret: 'eQ==',
      org_id: orgId.toUpperCase(),
    });
    const context = contextOf(instance, test.server);
    const asked = { ...context, payload: { ...context.payload, unlessMembers: true as const } };
    let code: unknown;
    try {
      await mark.run(asked);
    } catch (error) {
      code = error instanceof Refusal ? error.code : error;
    }
    expect(code).to.equal('has_members');
    expect(await test.instance(instance.domain)).not.to.have.property('deleting');
    await test.remove(member.domain);
    await mark.run(asked);
    expect(await test.instance(instance.domain)).to.include({ deleting: true });
    await test.remove(instance.domain);
  });

  it('leaves what has changed since the list was compared alone, where it goes as being on no list', async () => {
    const instance = await put('written');
    const context = contextOf(instance, busyServer(instance._id, 1));
    const unless = { unlessMembers: true as const, unlessChanged: instance._rev };
    let code: unknown;
    await mark.run({ ...context, payload: { ...context.payload, ...unless } }).catch((error) => {
      ({ code } = error);
    });
    expect(code).to.equal('changed_since');
    expect(await test.instance(instance.domain)).not.to.have.property('deleting');
    await test.remove(instance.domain);
  });

  it('leaves what has a date for its destruction alone, where it goes as being on no list', async () => {
    const instance = await put('dated');
    const dates = createDateStore(test.server);
    const [date] = await dates.write([destroyDate(instance)]);
    if (date === undefined) throw new Error('the date was not written');
    const context = contextOf(instance, test.server);
    const asked = { ...context, payload: { ...context.payload, unlessMembers: true as const } };
    let code: unknown;
    await mark.run(asked).catch((error) => {
      ({ code } = error);
    });
    expect(code).to.equal('has_date');
    expect(await test.instance(instance.domain)).not.to.have.property('deleting');
    await dates.drop([date]);
    await mark.run(asked);
    expect(await test.instance(instance.domain)).to.include({ deleting: true });
    await test.remove(instance.domain);
  });

  it('is not done again when somebody took the flag back', async () => {
    const instance = await put('back');
    let code: unknown;
    await mark.run(contextOf(instance, test.server, true)).catch((error) => {
      ({ code } = error);
    });
    expect(code).to.equal('changed');
    expect(await test.instance(instance.domain)).to.not.have.property('deleting');
  });
});
