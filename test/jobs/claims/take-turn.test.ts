import { expect } from 'chai';
import { takeTurn } from '../../../src/jobs/claims/take-turn.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('takeTurn', () => {
  let test: TestFleet;
  const never = new AbortController().signal;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });

  after(() => test.close());

  const held = async (domain: string) => (await test.fleet.redis.exists(test.fleet.keys.turn(domain))) === 1;

  it('lets one after the other work for a domain, and gives the turn back', async () => {
    const events: string[] = [];
    const work = (name: string) =>
      takeTurn(test.fleet, 'a.example.org', never, async () => {
        events.push(`${name} begins`);
        await test.fleet.redis.ping();
        events.push(`${name} ends`);
      });
    await Promise.all([work('one'), work('two'), work('three')]);
    expect(events).to.have.length(6);
    for (let at = 0; at < 6; at += 2) {
      expect(events[at + 1]).to.equal(events[at]?.replace('begins', 'ends'));
    }
    expect(await held('a.example.org')).to.equal(false);
  });

  it('lets other domains work meanwhile', async () => {
    const inside = await takeTurn(test.fleet, 'a.example.org', never, () =>
      takeTurn(test.fleet, 'b.example.org', never, async () => held('a.example.org')),
    );
    expect(inside).to.equal(true);
  });

  it('gives the turn back when the work fails', async () => {
    const failing = takeTurn(test.fleet, 'a.example.org', never, () => Promise.reject(new Error('failed')));
    expect(String(await thrownBy(failing))).to.contain('failed');
    expect(await held('a.example.org')).to.equal(false);
  });

  it('waits no longer than its caller wants, and leaves the turn of the other one alone', async () => {
    const waiting = new AbortController();
    await takeTurn(test.fleet, 'a.example.org', never, async () => {
      const other = thrownBy(takeTurn(test.fleet, 'a.example.org', waiting.signal, async () => undefined));
      waiting.abort(new Error('no more'));
      expect(String(await other)).to.contain('no more');
      expect(await held('a.example.org')).to.equal(true);
    });
  });

  it('stops the work when somebody else has the turn by now', async () => {
    const lost = await takeTurn(test.fleet, 'a.example.org', never, async (signal) => {
      await test.fleet.redis.set(test.fleet.keys.turn('a.example.org'), 'somebody else');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      return signal.reason;
    });
    expect(lost).to.have.property('code', 'lost_names');
    expect(await test.fleet.redis.get(test.fleet.keys.turn('a.example.org'))).to.equal('somebody else');
    await test.fleet.redis.del(test.fleet.keys.turn('a.example.org'));
  });
});
