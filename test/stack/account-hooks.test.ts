import { expect } from 'chai';
import type { CouchDocument } from '../../src/couchdb/documents.ts';
import { Refusal } from '../../src/instances/errors.ts';
import { type AccountHooksOptions, runAccountHooks } from '../../src/stack/account-hooks.ts';
import { AccountHookFailed } from '../../src/stack/errors.ts';
import type { StackInstance } from '../../src/stack/stack-instance.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';
import { type Outcome, startTestStack, type TestStack } from './fixture.ts';

const ACCOUNTS = 'io.cozy.accounts';
const COPIES = 'io.cozy.accounts.soft_deleted';
const JOBS = 'io.cozy.jobs';
const KONNECTORS = 'io.cozy.konnectors';

const EDF: CouchDocument = { _id: `${KONNECTORS}/edf`, slug: 'edf', on_delete_account: 'onDeleteAccount.js' };
const SNCF: CouchDocument = { _id: `${KONNECTORS}/sncf`, slug: 'sncf' };
const FIRST: CouchDocument = { _id: 'first', account_type: 'edf', auth: { login: 'alice' } };
const SECOND: CouchDocument = { _id: 'second', account_type: 'edf' };

class Killed extends Error {}

describe('the account hooks', () => {
  let stack: TestStack;

  before(async () => {
    stack = await startTestStack();
  });

  afterEach(() => stack.jobs.flushall());

  after(() => stack.close());

  /** An instance with these accounts, and the konnectors edf and sncf installed. */
  async function withAccounts(accounts: readonly CouchDocument[], cluster?: number): Promise<StackInstance> {
    const instance = stack.instance(cluster);
    await stack.fill(instance, KONNECTORS, [EDF, SNCF]);
    await stack.fill(instance, JOBS);
    await stack.fill(instance, ACCOUNTS, accounts);
    return instance;
  }

  function run(instance: StackInstance, changes: Partial<AccountHooksOptions> = {}) {
    return runAccountHooks({
      ...instance,
      server: stack.server,
      stackRedis: stack.jobs,
      skipAccounts: false,
      signal: new AbortController().signal,
      assertHeld: () => undefined,
      times: { timeoutMs: 60_000, pollMs: 5 },
      ...changes,
    });
  }

  /** A run beside a stack. */
  async function runWithStack(
    instance: StackInstance,
    outcome: Outcome,
    changes?: Partial<AccountHooksOptions>,
  ) {
    const konnectors = stack.startKonnectors(outcome);
    try {
      return { result: await run(instance, changes), taken: konnectors.taken };
    } finally {
      await konnectors.stop();
    }
  }

  const idsOf = async (instance: StackInstance, doctype: string) => [
    ...(await stack.read(instance, doctype)).keys(),
  ];

  it('copy an account, delete it and have the konnector run', async () => {
    const instance = await withAccounts([FIRST], 1);
    const rev = (await stack.read(instance, ACCOUNTS)).get('first')?._rev;
    const { result, taken } = await runWithStack(instance, 'done');
    expect(result).to.deep.equal({ done: 1, givenUp: 0 });
    expect(await idsOf(instance, ACCOUNTS)).to.deep.equal([]);
    expect((await stack.read(instance, COPIES)).get('first')).to.deep.include({
      account_type: 'edf',
      auth: { login: 'alice' },
      soft_deleted_rev: rev,
    });
    const [job] = (await stack.read(instance, JOBS)).values();
    expect(job?.['message']).to.deep.equal({
      account: 'first',
      account_rev: rev,
      konnector: 'edf',
      account_deleted: true,
    });
    expect(taken).to.deep.equal([`${instance.prefix}%1/${job?._id}`]);
  });

  it('do nothing on an instance without databases', async () => {
    expect(await run(stack.instance())).to.deep.equal({ done: 0, givenUp: 0 });
  });

  it('leave accounts alone whose konnector does not ask for it, or that have none', async () => {
    const instance = await withAccounts([{ _id: 'a', account_type: 'sncf' }, { _id: 'b' }]);
    expect(await run(instance, { stackRedis: undefined })).to.deep.equal({ done: 0, givenUp: 0 });
    expect(await idsOf(instance, ACCOUNTS)).to.deep.equal(['a', 'b']);
  });

  it('leave accounts alone that the operator leaves to their providers', async () => {
    const instance = await withAccounts([FIRST]);
    await run(instance, { skipAccounts: true });
    expect(await idsOf(instance, ACCOUNTS)).to.deep.equal(['first']);
    expect(await stack.queue()).to.deep.equal([]);
  });

  it("refuse without a stack's Redis, with nothing touched", async () => {
    const instance = await withAccounts([FIRST, SECOND]);
    const error = await thrownBy(run(instance, { stackRedis: undefined }));
    expect(error).to.be.instanceOf(Refusal).and.to.have.property('code', 'accounts');
    expect(error).to.have.property('message').that.contains(`2 accounts of ${instance.domain}`);
    expect(error).to.have.property('advice').that.contains('--skip-accounts');
    expect(await idsOf(instance, ACCOUNTS)).to.deep.equal(['first', 'second']);
    expect(await idsOf(instance, JOBS)).to.deep.equal([]);
    expect(await stack.server.listDatabases(`${instance.prefix}/`)).to.have.length(3);
  });

  it('refuse an account whose konnector is not installed, with nothing touched', async () => {
    const instance = await withAccounts([FIRST, { _id: 'a', account_type: 'gone' }]);
    const error = await thrownBy(run(instance));
    expect(error).to.be.instanceOf(Refusal).and.to.have.property('message').that.contains('(gone)');
    expect(error).to.have.property('advice').that.contains('--skip-accounts');
    expect(await idsOf(instance, ACCOUNTS)).to.deep.equal(['a', 'first']);
    expect(await stack.queue()).to.deep.equal([]);
  });

  it('do not repeat what users had done, and leave its copies', async () => {
    const instance = await withAccounts([]);
    await stack.fill(instance, COPIES, [{ _id: 'old', account_type: 'edf', soft_deleted_rev: '4-d' }]);
    expect(await run(instance, { stackRedis: undefined })).to.deep.equal({ done: 0, givenUp: 0 });
    expect(await stack.queue()).to.deep.equal([]);
  });

  it('replace the copy of an earlier life of an account', async () => {
    const instance = await withAccounts([FIRST]);
    await stack.fill(instance, COPIES, [{ _id: 'first', account_type: 'edf', soft_deleted_rev: '4-d' }]);
    await runWithStack(instance, 'done');
    expect((await stack.read(instance, COPIES)).get('first')).to.have.deep.property('auth', {
      login: 'alice',
    });
  });

  it('say which konnector failed, and have it try again in another run', async () => {
    const instance = await withAccounts([FIRST]);
    const error = await thrownBy(runWithStack(instance, 'errored'));
    expect(error).to.be.instanceOf(AccountHookFailed).and.to.include({ kind: 'final', code: 'account_hook' });
    expect(error).to.have.property('message').that.contains('edf');
    const { result, taken } = await runWithStack(instance, 'done');
    expect(result).to.deep.equal({ done: 1, givenUp: 0 });
    expect(taken).to.have.length(1);
    expect(await idsOf(instance, JOBS)).to.have.length(2);
  });

  it('count a konnector that never answers as done, as the stack does', async () => {
    const instance = await withAccounts([FIRST]);
    expect(await run(instance, { times: { timeoutMs: 20, pollMs: 5 } })).to.deep.equal({
      done: 0,
      givenUp: 1,
    });
  });

  it('are over once they were done', async () => {
    const instance = await withAccounts([FIRST]);
    await runWithStack(instance, 'done');
    const { taken } = await runWithStack(instance, 'done');
    expect(taken).to.deep.equal([]);
  });

  describe('after a crash', () => {
    /** Everything happened once. */
    async function expectDoneOnce(instance: StackInstance, taken: readonly string[]): Promise<void> {
      const jobs = await stack.read(instance, JOBS);
      expect(taken).to.have.members([...jobs.keys()].map((id) => `${instance.prefix}/${id}`));
      expect(taken).to.have.length(2);
      expect(await idsOf(instance, ACCOUNTS)).to.deep.equal([]);
      expect(await idsOf(instance, COPIES)).to.deep.equal(['first', 'second']);
    }

    // Copy, job and deletion of each of the two accounts, then the two pushes.
    for (let step = 1; step <= 8; step++) {
      it(`before write ${step} go on without repeating any`, async () => {
        const instance = await withAccounts([FIRST, SECOND]);
        let writes = 0;
        const assertHeld = (): void => {
          writes++;
          if (writes === step) throw new Killed();
        };
        expect(await thrownBy(run(instance, { assertHeld }))).to.be.instanceOf(Killed);
        const { taken } = await runWithStack(instance, 'done');
        await expectDoneOnce(instance, taken);
      });
    }

    it('while waiting go on waiting', async () => {
      const instance = await withAccounts([FIRST, SECOND]);
      const stop = new AbortController();
      const first = thrownBy(run(instance, { signal: stop.signal }));
      await until('both are pushed', async () => (await stack.queue()).length === 2);
      stop.abort(new Killed());
      expect(await first).to.be.instanceOf(Killed);
      const { taken } = await runWithStack(instance, 'done');
      await expectDoneOnce(instance, taken);
    });

    it('need the Redis again for what was begun', async () => {
      const instance = await withAccounts([FIRST]);
      const stop = new AbortController();
      const first = thrownBy(run(instance, { signal: stop.signal }));
      await until('it is pushed', async () => (await stack.queue()).length === 1);
      stop.abort(new Killed());
      await first;
      expect(await thrownBy(run(instance, { stackRedis: undefined }))).to.have.property('code', 'accounts');
    });
  });
});
