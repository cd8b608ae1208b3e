import { expect } from 'chai';
import {
  createLoginGate,
  LOGIN_RETRY_MS,
  type LoginGate,
  LoginHeld,
  type LoginOutcome,
  type Permission,
  PROOF_LIFETIME_MS,
} from '../../src/couchdb/login-gate.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';

describe('the gate before a CouchDB', () => {
  let now: number;
  let permissions: Permission[];
  /** What logins end with, one after the other; the last one goes on for ever. */
  let outcomes: LoginOutcome[];
  let asked: number;
  let logins: number;
  let told: LoginOutcome[];
  let ages: number[];
  let hold: Promise<void> | undefined;
  let gate: LoginGate;

  beforeEach(() => {
    [now, permissions, outcomes, asked, logins] = [1_000_000, [], ['accepted'], 0, 0];
    [told, ages, hold] = [[], [], undefined];
    gate = createLoginGate({
      now: () => now,
      book: {
        async ask() {
          asked += 1;
          return permissions.shift() ?? { state: 'try' };
        },
        async tell(outcome) {
          told.push(outcome);
        },
        async wasRefused(age) {
          ages.push(age);
          return 60_000;
        },
      },
      async logIn(signal) {
        logins += 1;
        await hold;
        signal?.throwIfAborted();
        return (outcomes.length > 1 ? outcomes.shift() : outcomes[0]) ?? 'unknown';
      },
    });
  });

  const held = async (entering: Promise<void>) => {
    const thrown = await thrownBy(entering);
    expect(thrown).to.be.instanceOf(LoginHeld);
    return thrown instanceof LoginHeld ? thrown.nextTry - now : undefined;
  };

  it('lets one login go ahead of all requests', async () => {
    expect(gate.isOpen).to.equal(false);
    await Promise.all([gate.enter(), gate.enter(), gate.enter()]);
    expect({ asked, logins, told }).to.deep.equal({ asked: 1, logins: 1, told: ['accepted'] });
    expect(gate.isOpen).to.equal(true);
  });

  it('stays open as long as answers come, and asks again after a silence', async () => {
    await gate.enter();
    for (let second = 0; second < 5; second += 1) {
      now += PROOF_LIFETIME_MS - 1;
      await gate.enter();
      gate.accepted();
    }
    expect(logins).to.equal(1);
    now += PROOF_LIFETIME_MS;
    expect(gate.isOpen).to.equal(false);
    await gate.enter();
    expect(logins).to.equal(2);
  });

  it('asks again where the clock was set back meanwhile, for nobody knows how long it was silent', async () => {
    await gate.enter();
    now -= 3_600_000;
    expect(gate.isOpen).to.equal(false);
    await gate.enter();
    expect(logins).to.equal(2);
    expect(gate.isOpen).to.equal(true);
  });

  it('sends nothing at all when the login is refused', async () => {
    outcomes = ['refused'];
    const ends = await Promise.all([held(gate.enter()), held(gate.enter()), held(gate.enter())]);
    expect(ends).to.deep.equal([LOGIN_RETRY_MS, LOGIN_RETRY_MS, LOGIN_RETRY_MS]);
    now += LOGIN_RETRY_MS - 1;
    expect(await held(gate.enter())).to.equal(1);
    expect({ asked, logins }).to.deep.equal({ asked: 1, logins: 1 });
  });

  it('sends nothing when others were refused', async () => {
    permissions = [{ state: 'wait', ms: 40_000 }];
    expect(await held(gate.enter())).to.equal(40_000);
    expect(logins).to.equal(0);
    expect(gate.nextTry).to.equal(now + 40_000);
  });

  it('needs no login of its own when another went well a moment ago', async () => {
    permissions = [{ state: 'go' }];
    await gate.enter();
    expect(logins).to.equal(0);
  });

  it('waits for who is trying at this moment', async () => {
    permissions = [{ state: 'busy' }, { state: 'busy' }, { state: 'go' }];
    await gate.enter();
    expect({ asked, logins }).to.deep.equal({ asked: 3, logins: 0 });
  });

  it('closes with the first request that is refused, and tells it once', async () => {
    await gate.enter();
    await Promise.all([gate.refused(30), gate.refused(40)]);
    expect(ages).to.deep.equal([30]);
    expect(gate.nextTry).to.equal(now + 60_000);
    gate.accepted();
    expect(await held(gate.enter())).to.equal(60_000);
    expect(logins).to.equal(1);
  });

  it('has a login go ahead of the next request when there is doubt', async () => {
    await gate.enter();
    gate.doubt();
    expect(gate.isOpen).to.equal(false);
    await gate.enter();
    expect(logins).to.equal(2);
  });

  it('tries again when it is time, and opens', async () => {
    outcomes = ['refused', 'accepted'];
    await held(gate.enter());
    now += LOGIN_RETRY_MS;
    await gate.enter();
    expect(gate.nextTry).to.equal(undefined);
    expect(logins).to.equal(2);
  });

  it('names one time however often it is told, for clocks differ a little', async () => {
    await gate.enter();
    await gate.refused(5);
    const { nextTry } = gate;
    permissions = [{ state: 'wait', ms: 60_020 }];
    await held(gate.again());
    expect(gate.nextTry).to.equal(nextTry);
  });

  it('opens before its time when another was let in', async () => {
    await gate.enter();
    await gate.refused(5);
    permissions = [{ state: 'wait', ms: 50_000 }, { state: 'go' }];
    expect(await held(gate.again())).to.equal(50_000);
    await gate.again();
    expect(gate.isOpen).to.equal(true);
    expect(logins).to.equal(1);
  });

  it('lets requests find out for themselves when nobody answers a login', async () => {
    outcomes = ['unknown'];
    await gate.enter();
    expect(gate.isOpen).to.equal(true);
  });

  it('stays closed when nobody answers after a refusal', async () => {
    outcomes = ['refused', 'unknown'];
    await held(gate.enter());
    now += LOGIN_RETRY_MS;
    await held(gate.enter());
    expect(gate.isOpen).to.equal(false);
  });

  it('leaves the login to the next one when who tries is told to stop', async () => {
    let release = (): void => undefined;
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const controller = new AbortController();
    const enough = new Error('enough');
    const first = thrownBy(gate.enter(controller.signal));
    await until('it logs in', () => logins === 1);
    const second = gate.enter();
    controller.abort(enough);
    release();
    expect(await first).to.equal(enough);
    await second;
    expect({ logins, told }).to.deep.equal({ logins: 2, told: ['unknown', 'accepted'] });
  });

  it("ends the waiting of others by their own signal's reason", async () => {
    let release = (): void => undefined;
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const first = gate.enter();
    const controller = new AbortController();
    const enough = new Error('enough');
    const second = thrownBy(gate.enter(controller.signal));
    controller.abort(enough);
    expect(await second).to.equal(enough);
    release();
    await first;
  });
});
