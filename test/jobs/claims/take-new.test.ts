import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { FleetError } from '../../../src/errors.ts';
import type { ClaimAnswer } from '../../../src/jobs/claims/claims.ts';
import { holdNames } from '../../../src/jobs/claims/hold-names.ts';
import { takeNew } from '../../../src/jobs/claims/take-new.ts';
import { type Fleet, openFleet } from '../../../src/jobs/fleet/fleet.ts';
import { redisAt } from '../../support/redis-at.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';

describe('names that are asked for while Redis is away', () => {
  let redis: RedisServer;
  let fleet: Fleet;

  before(async () => {
    redis = await startRedisServer();
    fleet = await openFleet({ redis: redisAt(redis.url), prefix: 'fleet', role: 'server' });
  });

  after(async () => {
    await fleet.close();
    await redis.close();
  });

  const claimOf = (name: string) => ({
    jobId: randomUUID(),
    kind: 'create',
    names: [name] as const,
    payloadHash: '',
  });

  async function take(name: string): Promise<ClaimAnswer> {
    return await fleet.claims.take({ ...claimOf(name), names: [name] }, 'add');
  }

  async function areFreeAgain(name: string): Promise<void> {
    await until(`${name} is free long before a claim runs out`, async () => {
      const { state } = await take(name);
      return state === 'held';
    });
  }

  it('are free again soon after a Redis that was frozen goes on', async () => {
    redis.freeze();
    const work = holdNames(fleet, { kind: 'modify', names: ['frozen.org'] }, async () => undefined);
    await thrownBy(work);
    redis.thaw();
    await areFreeAgain('frozen.org');
  });

  it('are free again soon after a replica has become the master', async () => {
    await redis.ask('REPLICAOF', '127.0.0.1', '1');
    await thrownBy(takeNew(fleet.claims, { ...claimOf('failover.org'), names: ['failover.org'] }, 'add'));
    await redis.ask('REPLICAOF', 'NO', 'ONE');
    await areFreeAgain('failover.org');
  });

  it('are waited for no longer than a caller has patience', async () => {
    const patience = new AbortController();
    const holding = { kind: 'modify', names: ['patience.org'] } as const;
    await holdNames(fleet, { ...holding, names: ['patience.org'] }, async () => {
      const second = holdNames(
        fleet,
        { ...holding, names: ['patience.org'], patience: patience.signal },
        async () => undefined,
      );
      patience.abort(new FleetError('interrupted', 'too long'));
      expect(await thrownBy(second)).to.equal(patience.signal.reason);
    });
  });
});
