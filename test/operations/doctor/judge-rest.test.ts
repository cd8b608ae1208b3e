import { expect } from 'chai';
import { type FleetIds, judgeFleetIds } from '../../../src/operations/doctor/check-fleet.ts';
import { judgeStatus } from '../../../src/operations/doctor/check-registries.ts';
import { judgeShared } from '../../../src/operations/doctor/check-stack-redis.ts';
import { judgeRoom } from '../../../src/operations/doctor/check-storage.ts';
import { type HeardWorker, judgeNode, judgeWorkers } from '../../../src/operations/doctor/check-workers.ts';
import { clockOffset, judgeClock } from '../../../src/operations/doctor/judge-clock.ts';
import { redisAt } from '../../support/redis-at.ts';
import { saidOf } from './said.ts';

const GB = 1_000_000_000;

describe('what doctor says of the room on a disk', () => {
  const judged = (room: Partial<Parameters<typeof judgeRoom>[1]>, q?: number) =>
    saidOf(judgeRoom('/srv', { bytes: 50 * GB, files: 1e6, allBytes: 100 * GB, allFiles: 1e7, ...room }, q));

  it('finds nothing where there is enough', () => {
    expect(judged({})).to.deep.equal([
      'ok room: 50 GB of 100 GB are free on the disk of /srv',
      'ok inodes: 1,000,000 of 10,000,000 inodes are free on the disk of /srv',
    ]);
  });

  it('fails a full one, and warns of one that is nearly full', () => {
    expect(judged({ bytes: 0 })[0]).to.equal(
      'fail room: the disk of /srv is full | Free some space there: work is held back until then, and goes on by itself.',
    );
    expect(judged({ bytes: 4.9 * GB })[0]).to.match(/^warn room: 4\.9 GB of 100 GB/);
    expect(judged({ bytes: 5 * GB })[0]).to.match(/^ok room/);
  });

  it('counts inodes where the file system does', () => {
    expect(judged({ files: 0 })[1]).to.match(/^fail inodes: the disk of \/srv has no inode left/);
    expect(judged({ files: 499_999 })[1]).to.match(/^warn inodes/);
    expect(judged({ files: 0, allFiles: 0 })).to.have.length(1);
  });

  it('warns where a hundred more instances would not fit', () => {
    expect(judged({ bytes: 0.15 * GB, allBytes: GB }).at(-1)).to.match(
      /^warn more-instances: 100 more instances need about 160 MB/,
    );
    expect(judged({ bytes: 0.15 * GB, allBytes: GB }, 1).at(-1)).to.match(/^ok inodes/);
  });

  it('says so where the storage does not tell', () => {
    expect(saidOf(judgeRoom('/srv', undefined, 1))).to.deep.equal([
      'ok room: how much is free in /srv, it does not tell',
    ]);
  });
});

describe('what doctor says of the ids of a fleet', () => {
  const A = { id: 'aaaaaaaa-1111' };
  const B = { id: 'bbbbbbbb-2222' };
  const NONE = { id: undefined };

  const judged = (ids: Partial<FleetIds>) =>
    saidOf(judgeFleetIds({ couchdb: A, redis: A, storage: A, complete: true, ...ids }));

  for (const [what, ids, start] of [
    ['agree', {}, 'ok same-fleet: CouchDB, Redis and the storage belong to one fleet'],
    [
      'differ by Redis',
      { redis: B },
      'fail same-fleet: they belong to different fleets (CouchDB aaaaaaaa, Redis bbbbbbbb, the storage aaaaaaaa)',
    ],
    ['differ by the storage', { storage: B }, 'fail same-fleet: they belong to different fleets'],
    [
      'differ, with one unread',
      { storage: B, redis: 'unknown' },
      'fail same-fleet: they belong to different fleets',
    ],
    ['lack the storage', { storage: NONE }, 'fail same-fleet: the storage has no .cozy-fleet file'],
    [
      'lack the storage before the first worker',
      { storage: NONE, complete: false },
      'ok same-fleet: the storage has no id of a fleet yet',
    ],
    [
      'lack Redis, which may have been lost',
      { redis: NONE },
      'ok same-fleet: Redis has no id of a fleet yet',
    ],
    [
      'are none',
      { couchdb: NONE, redis: NONE, storage: NONE, complete: false },
      'ok same-fleet: CouchDB, Redis and the storage have no id',
    ],
    [
      'are unread',
      { couchdb: 'unknown', redis: 'unknown' },
      'fail same-fleet: whether CouchDB, Redis and the storage belong together is unknown without CouchDB and Redis |',
    ],
  ] as const) {
    it(`judges those that ${what}`, () => {
      expect(judged(ids)[0]).to.satisfy((line: string) => line.startsWith(start), judged(ids)[0]);
    });
  }
});

describe('what doctor says of workers', () => {
  const NOW = 1_800_000_000_000;
  const said = (more = {}) => ({ host: 'w1', pid: 7, waitsFor: '', ...more });
  const worker = (more: Partial<HeardWorker> = {}): HeardWorker => ({
    id: 'id',
    heardAt: NOW - 1_000,
    said: said(),
    ...more,
  });
  const judged = (...workers: HeardWorker[]) => saidOf(judgeWorkers(workers, '1.0.0', NOW));

  it('warns where there is none', () => {
    expect(judged()).to.deep.equal([
      'warn running: no worker is running: what is queued waits | Start one: cozy-fleet workers start',
    ]);
  });

  it('counts those that are running, whether or not they say their version', () => {
    expect(judged(worker())).to.deep.equal(['ok running: 1 worker is running']);
    expect(judged(worker({ said: said({ version: '1.0.0' }) }))[1]).to.equal(
      'ok version: all of version 1.0.0, as here',
    );
  });

  it('warns of other versions', () => {
    const lines = judged(
      worker({ said: said({ version: '0.9.0' }) }),
      worker({ said: said({ version: '1.0.0' }) }),
    );
    expect(lines[1]).to.match(
      /^warn version: 1 of another version than 1\.0\.0 here: w1 \(pid 7\) 0\.9\.0 \|/,
    );
    expect(judged(worker(), worker({ said: said({ version: '1.0.0' }) }))[1]).to.match(
      /^warn version: 1 do not say/,
    );
  });

  it('warns of silent ones for ten minutes', () => {
    expect(judged(worker({ heardAt: NOW - 6_000 }))).to.satisfy((lines: string[]) =>
      lines[1]?.startsWith('warn silent: 1 silent: w1 (pid 7) for 6 s'),
    );
    expect(judged(worker({ heardAt: NOW - 60_000, said: undefined }))[1]).to.match(
      /^warn silent: 1 silent: id for 60 s/,
    );
    expect(judged(worker({ heardAt: NOW - 600_000, said: undefined }))).to.have.length(1);
  });

  it('says what holds work back', () => {
    expect(judged(worker({ said: said({ waitsFor: 'CouchDB is away' }) }), worker())[1]).to.match(
      /^warn waiting: 1 of 2 hold work back: CouchDB is away \|/,
    );
  });

  it('judges the Node.js that runs it', () => {
    expect(
      ['18.20.4', '20.18.0', '20.19.0', '22.1.0'].map((node) => judgeNode(node, '1').verdict),
    ).to.deep.equal(['warn', 'warn', 'ok', 'ok']);
  });
});

describe('what doctor says of clocks', () => {
  const at = (said: number, grain = 1) => ({ name: 'Redis', said, grain, asked: 100_000, answered: 100_200 });

  it('takes the way there and back, and what was cut off, for what it may be', () => {
    expect(clockOffset(at(100_000))).to.equal(0);
    expect(clockOffset(at(100_300))).to.equal(100);
    expect(clockOffset(at(99_100, 1_000))).to.equal(0);
    expect(clockOffset(at(98_000, 1_000))).to.equal(-1_000);
  });

  it('warns of some seconds and fails at a minute', () => {
    const verdict = (said: number) => judgeClock(at(said)).verdict;
    expect([102_200, 102_201, 160_200, 160_201].map(verdict)).to.deep.equal(['ok', 'warn', 'warn', 'fail']);
    expect([97_999, 97_998, 39_999, 39_998].map(verdict)).to.deep.equal(['ok', 'warn', 'warn', 'fail']);
    expect(judgeClock(at(170_200)).text).to.equal('Redis is 70.0 s ahead of this machine');
    expect(judgeClock(at(30_000)).text).to.equal('Redis is 70.0 s behind this machine');
  });
});

describe('what doctor says of registries and of the stack`s Redis', () => {
  it('warns of statuses that a registry does not have where it lists its applications', () => {
    const verdicts = [200, 304, 401, 404, 503].map((status) => judgeStatus('r', status).verdict);
    expect(verdicts).to.deep.equal(['ok', 'ok', 'warn', 'warn', 'warn']);
  });

  it('warns where the stack and the fleet share a database', () => {
    const shared = (stack: string, ours: string) =>
      judgeShared('locks', 'lock', redisAt(stack), redisAt(ours)).length;
    expect(shared('redis://h/2', 'redis://:pw@h:6379/2')).to.equal(1);
    expect(shared('redis://h/2', 'redis://h/0')).to.equal(0);
    expect(shared('redis://h/2', 'redis://i/2')).to.equal(0);
  });
});
