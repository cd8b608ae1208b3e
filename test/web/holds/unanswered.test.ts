import { expect } from 'chai';
import { type Fleet, openFleet } from '../../../src/jobs/fleet/fleet.ts';
import { forgetUnanswered, noteUnanswered, unansweredJobs } from '../../../src/web/holds/unanswered.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { redisAt } from '../../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../../support/servers.ts';

const ASKED = { domain: 'a.example.org', jobId: 'job-1', requestHash: '0123456789abcdef' };

describe('notes of requests that were not answered', () => {
  const suite = new Cleanup();
  let redis: TestRedis;
  let fleet: Fleet;

  before(async () => {
    redis = suite.add(await startTestRedis(), (each) => each.close());
    const settings = { redis: redisAt(redis.url), prefix: 'notes', role: 'server' } as const;
    fleet = suite.add(await openFleet(settings), (each) => each.close());
  });
  after(() => suite.run());
  afterEach(() => redis.flush());

  it('name the job of the same request, and of no other', async () => {
    await noteUnanswered(fleet, ASKED);
    await noteUnanswered(fleet, { ...ASKED, jobId: 'job-2', requestHash: 'fedcba9876543210' });
    expect(await unansweredJobs(fleet, ASKED)).to.deep.equal(['job-1']);
    expect(await unansweredJobs(fleet, { ...ASKED, domain: 'b.example.org' })).to.deep.equal([]);
  });

  it('are kept until each client that asked was answered', async () => {
    await noteUnanswered(fleet, ASKED);
    await noteUnanswered(fleet, ASKED);
    await forgetUnanswered(fleet, ASKED);
    expect(await unansweredJobs(fleet, ASKED)).to.deep.equal(['job-1']);
    await forgetUnanswered(fleet, ASKED);
    expect(await unansweredJobs(fleet, ASKED)).to.deep.equal([]);
  });

  it('leave nothing behind once all were answered', async () => {
    await noteUnanswered(fleet, ASKED);
    await forgetUnanswered(fleet, ASKED);
    await forgetUnanswered(fleet, ASKED);
    expect(await fleet.redis.exists(fleet.keys.unanswered(ASKED.domain))).to.equal(0);
  });

  it('go by themselves', async () => {
    await noteUnanswered(fleet, ASKED);
    expect(await fleet.redis.ttl(fleet.keys.unanswered(ASKED.domain))).to.be.within(1, 7 * 24 * 3600);
  });
});
