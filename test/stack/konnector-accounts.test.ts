import { expect } from 'chai';
import type { CouchDocument } from '../../src/couchdb/documents.ts';
import { databaseName } from '../../src/instances/databases/prefix.ts';
import { AccountHookFailed } from '../../src/stack/errors.ts';
import {
  deleteKonnectorAccounts,
  findKonnectorAccounts,
  type KonnectorAccounts,
} from '../../src/stack/konnector-accounts.ts';
import type { StackInstance } from '../../src/stack/stack-instance.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';
import { type Outcome, startTestStack, type TestStack } from './fixture.ts';

const ACCOUNTS = 'io.cozy.accounts';
const COPIES = 'io.cozy.accounts.soft_deleted';
const JOBS = 'io.cozy.jobs';
const KONNECTORS = 'io.cozy.konnectors';
const TRIGGERS = 'io.cozy.triggers';

const trigger = (_id: string, message: object, worker = 'konnector'): CouchDocument => ({
  _id,
  type: '@cron',
  worker,
  message,
});

/** Two accounts of edf, the first with two triggers; and what has to stay. */
const TRIGGERS_THERE = [
  trigger('t1', { konnector: 'edf', account: 'first' }),
  trigger('t1-again', { konnector: 'edf', account: 'first' }, 'client'),
  trigger('t2', { konnector: 'edf', account: 'second' }),
  trigger('of-none', { konnector: 'edf' }),
  trigger('of-a-gone-one', { konnector: 'edf', account: 'gone' }),
  trigger('of-another', { konnector: 'sncf', account: 'other' }),
  trigger('of-a-service', { konnector: 'edf', account: 'untouched' }, 'service'),
];
const STAYING_TRIGGERS = ['of-a-gone-one', 'of-a-service', 'of-another', 'of-none'];
const ACCOUNTS_THERE = ['first', 'second', 'other', 'untouched'].map((_id) => ({
  _id,
  account_type: 'edf',
  auth: { login: _id },
}));

class Killed extends Error {}

describe('the accounts of a konnector that goes', () => {
  let stack: TestStack;

  before(async () => {
    stack = await startTestStack();
  });

  afterEach(() => stack.jobs.flushall());

  after(() => stack.close());

  async function made(isTold: boolean): Promise<StackInstance> {
    const instance = stack.instance();
    const manifest = { slug: 'edf', ...(isTold && { on_delete_account: 'onDeleteAccount.js' }) };
    await stack.fill(instance, KONNECTORS, [{ _id: `${KONNECTORS}/edf`, ...manifest }]);
    await stack.fill(instance, JOBS);
    await stack.fill(instance, TRIGGERS, TRIGGERS_THERE);
    await stack.fill(instance, ACCOUNTS, ACCOUNTS_THERE);
    return instance;
  }

  interface Run {
    readonly resumed?: boolean;
    readonly assertHeld?: () => void;
    readonly signal?: AbortSignal;
  }

  async function find(instance: StackInstance, resumed = false): Promise<KonnectorAccounts> {
    const id = `${KONNECTORS}/edf`;
    const manifest = await stack.server.getDocument(databaseName(instance.prefix, KONNECTORS), id);
    if (manifest === undefined) throw new Error('the konnector is not there');
    const signal = new AbortController().signal;
    return await findKonnectorAccounts(
      { ...instance, server: stack.server, signal },
      { slug: 'edf', manifest },
      resumed,
    );
  }

  async function remove(instance: StackInstance, { resumed = false, ...how }: Run = {}) {
    const options = {
      ...instance,
      server: stack.server,
      signal: new AbortController().signal,
      assertHeld: () => undefined,
      times: { timeoutMs: 60_000, pollMs: 5 },
      ...how,
    };
    return await deleteKonnectorAccounts(options, stack.jobs, await find(instance, resumed));
  }

  async function removeBesideStack(instance: StackInstance, outcome: Outcome, how?: Run) {
    const konnectors = stack.startKonnectors(outcome);
    try {
      return { result: await remove(instance, how), taken: konnectors.taken };
    } finally {
      await konnectors.stop();
    }
  }

  const idsOf = async (instance: StackInstance, doctype: string) => [
    ...(await stack.read(instance, doctype)).keys(),
  ];

  async function expectGone(instance: StackInstance, jobs: number): Promise<void> {
    expect(await idsOf(instance, ACCOUNTS)).to.deep.equal(['other', 'untouched']);
    expect(await idsOf(instance, COPIES)).to.deep.equal(['first', 'second']);
    expect(await idsOf(instance, TRIGGERS)).to.deep.equal(STAYING_TRIGGERS);
    expect(await idsOf(instance, JOBS)).to.have.lengthOf(jobs);
    expect(await stack.queue()).to.deep.equal([]);
  }

  it('are those that its triggers name, and go with them, told of at their providers', async () => {
    const instance = await made(true);
    const { result, taken } = await removeBesideStack(instance, 'done');
    expect(result).to.deep.equal({ done: 2, givenUp: 0 });
    expect(taken).to.have.lengthOf(2);
    await expectGone(instance, 2);
    expect((await stack.read(instance, COPIES)).get('first')).to.deep.include({ auth: { login: 'first' } });
  });

  it('go without a stack where the konnector does not want to know', async () => {
    const instance = await made(false);
    expect((await find(instance)).needsStack).to.equal(false);
    await remove(instance);
    await expectGone(instance, 0);
  });

  it('are found where a trigger names them in the old form of a stack', async () => {
    const instance = await made(true);
    const old = (message: object) => ({
      Data: Buffer.from(JSON.stringify(message)).toString('base64'),
      Type: 'json',
    });
    await stack.fill(instance, TRIGGERS, [
      trigger('old', old({ konnector: 'edf', account: 'untouched' })),
      trigger('old-of-another', old({ konnector: 'sncf', account: 'other' })),
      trigger('broken', { Data: 'bm8gSlNPTg==', Type: 'json' }),
    ]);
    const { live, triggers } = await find(instance);
    expect(live.map(({ account }) => account)).to.have.members(['first', 'second', 'untouched']);
    expect(triggers).to.include('old').and.not.include.members(['old-of-another', 'broken']);
  });

  it('need a stack where it does', async () => {
    const { needsStack, live } = await find(await made(true));
    expect(needsStack).to.equal(true);
    expect(live.map(({ account }) => account)).to.have.members(['first', 'second']);
  });

  it('keep their triggers where the konnector fails, which tries again in another run', async () => {
    const instance = await made(true);
    const error = await thrownBy(removeBesideStack(instance, 'errored'));
    expect(error).to.be.instanceOf(AccountHookFailed);
    expect(await idsOf(instance, TRIGGERS)).to.have.lengthOf(TRIGGERS_THERE.length);
    const { taken } = await removeBesideStack(instance, 'done');
    expect(taken).to.have.lengthOf(2);
    await expectGone(instance, 4);
  });

  it('leave the triggers of an account alone that its user has deleted', async () => {
    const instance = await made(false);
    await stack.fill(instance, COPIES, [{ _id: 'gone', account_type: 'edf', soft_deleted_rev: '4-d' }]);
    await remove(instance);
    expect(await idsOf(instance, TRIGGERS)).to.deep.equal(STAYING_TRIGGERS);
  });

  describe('after a crash', () => {
    for (const [isTold, steps] of [
      // Copy, job and deletion of each, the two pushes, and the triggers in the scheduler and their documents.
      [true, 10],
      [false, 6],
    ] as const) {
      for (let step = 1; step <= steps; step++) {
        it(`before write ${step} of ${steps} go on without repeating any`, async () => {
          const instance = await made(isTold);
          let writes = 0;
          const assertHeld = (): void => {
            writes += 1;
            if (writes === step) throw new Killed();
          };
          expect(await thrownBy(removeBesideStack(instance, 'done', { assertHeld }))).to.be.instanceOf(
            Killed,
          );
          await removeBesideStack(instance, 'done', { resumed: true });
          await expectGone(instance, isTold ? 2 : 0);
        });
      }
    }

    it('while it waits for a konnector go on waiting', async () => {
      const instance = await made(true);
      const stop = new AbortController();
      const first = thrownBy(remove(instance, { signal: stop.signal }));
      await until('both are pushed', async () => (await stack.queue()).length === 2);
      stop.abort(new Killed());
      expect(await first).to.be.instanceOf(Killed);
      const { taken } = await removeBesideStack(instance, 'done', { resumed: true });
      expect(taken).to.have.lengthOf(2);
      await expectGone(instance, 2);
    });
  });
});
