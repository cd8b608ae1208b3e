import { expect } from 'chai';
import type { Health } from '../../../src/couchdb/health.ts';
import { whyAway } from '../../../src/workers/health/breaker-board.ts';

describe('what a worker waits for at a CouchDB', () => {
  const NEXT = Date.UTC(2026, 10, 26, 12, 3, 4, 500);
  const { signal } = new AbortController();

  async function why(health: Health, nextTry: number | undefined, authorized: boolean) {
    let tries = 0;
    const reason = await whyAway(
      {
        health: async () => health,
        nextTry,
        async isAuthorized() {
          tries += 1;
          return authorized;
        },
      },
      signal,
    );
    return { reason, tries };
  }

  it('is nothing when it is well', async () => {
    expect(await why({ state: 'up' }, undefined, true)).to.deep.equal({ reason: '', tries: 0 });
  });

  it('is told in its own words when it is not', async () => {
    const reason = 'says that it is not to be used (maintenance_mode)';
    expect(await why({ state: 'down', reason }, undefined, true)).to.deep.equal({ reason, tries: 0 });
  });

  it('tries no password where it does not even answer', async () => {
    const found = await why({ state: 'silent', reason: 'does not answer' }, NEXT, true);
    expect(found).to.deep.equal({ reason: 'does not answer', tries: 0 });
  });

  it('is that our password is refused, and when it is tried next', async () => {
    const found = await why({ state: 'up' }, NEXT, false);
    expect(found.reason).to.equal('refuses our user or password, next try at 12:03:05 UTC');
  });

  it('is nothing once our password is accepted', async () => {
    expect(await why({ state: 'up' }, NEXT, true)).to.deep.equal({ reason: '', tries: 1 });
  });
});
