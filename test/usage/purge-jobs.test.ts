import { expect } from 'chai';
import { jobsToPurge } from '../../src/usage/purge-jobs.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const DAY = 86_400_000;
const AGE = { olderThanMs: 14 * DAY, workers: undefined };

const job = (_id: string, daysAgo: number, more: object = {}) => ({
  _id,
  _rev: `1-${_id}`,
  worker: 'sendmail',
  state: 'done',
  queued_at: new Date(NOW - daysAgo * DAY).toISOString(),
  ...more,
});

/** So many jobs, a day apart, the newest so many days ago. */
const jobs = (number: number, daysAgo: number, more: object = {}, name = 'job') =>
  Array.from({ length: number }, (_, at) => job(`${name}-${at}`, daysAgo + at, more));

const idsOf = (documents: readonly { readonly _id: string }[]) => documents.map(({ _id }) => _id);

describe('the jobs of a stack that go', () => {
  it('are the old ones beyond the newest 50 of a worker and state', () => {
    const all = jobs(53, 100);
    expect(idsOf(jobsToPurge([...all].reverse(), AGE, NOW))).to.deep.equal(['job-50', 'job-51', 'job-52']);
  });

  it('are counted for each worker and each state by itself', () => {
    const all = [
      ...jobs(50, 100, {}, 'mail'),
      ...jobs(50, 100, { state: 'errored' }, 'failed'),
      ...jobs(51, 100, { worker: 'service' }, 'service'),
    ];
    expect(idsOf(jobsToPurge(all, AGE, NOW))).to.deep.equal(['service-50']);
  });

  it('are none that is younger than what is asked for', () => {
    expect(jobsToPurge(jobs(60, 1), { ...AGE, olderThanMs: 70 * DAY }, NOW)).to.deep.equal([]);
    expect(idsOf(jobsToPurge(jobs(60, 1), { ...AGE, olderThanMs: 58 * DAY }, NOW))).to.deep.equal([
      'job-58',
      'job-59',
    ]);
  });

  it('are never queued or running, however old, nor of a state that is not known', () => {
    for (const state of ['queued', 'running', 'suspended']) {
      expect(jobsToPurge(jobs(60, 1_000, { state }), AGE, NOW), state).to.deep.equal([]);
    }
  });

  it('leave the newest of each trigger and state, from which a stack tells how the trigger is', () => {
    const daily = jobs(50, 0, { worker: 'konnector', trigger_id: 'daily' }, 'daily');
    const seldom = jobs(3, 200, { worker: 'konnector', trigger_id: 'seldom' }, 'seldom');
    expect(idsOf(jobsToPurge([...daily, ...seldom], AGE, NOW))).to.deep.equal(['seldom-1', 'seldom-2']);
  });

  it('are none that failed to have an account deleted at its provider, and so is the only trace of that', () => {
    const konnector = { worker: 'konnector', state: 'errored' };
    const told = { account: 'a', account_rev: '1-a', konnector: 'edf', account_deleted: true };
    const old = { Data: Buffer.from(JSON.stringify(told)).toString('base64'), Type: 'json' };
    const all = [
      ...jobs(50, 0, konnector, 'new'),
      ...jobs(1, 400, { ...konnector, message: told }, 'untold'),
      ...jobs(1, 400, { ...konnector, message: old }, 'untold-too'),
      ...jobs(1, 400, { ...konnector, message: { konnector: 'edf' } }, 'ran'),
      ...jobs(50, 0, { ...konnector, state: 'done' }, 'well'),
      ...jobs(1, 400, { ...konnector, state: 'done', message: told }, 'told'),
    ];
    expect(idsOf(jobsToPurge(all, AGE, NOW))).to.have.members(['ran-0', 'told-0']);
  });

  it('are those of the workers that were named', () => {
    const all = [...jobs(51, 100, {}, 'mail'), ...jobs(51, 100, { worker: 'service' }, 'service')];
    const named = { ...AGE, workers: ['service'] };
    expect(idsOf(jobsToPurge(all, named, NOW))).to.deep.equal(['service-50']);
  });

  it('are none whose time cannot be read', () => {
    const odd = jobs(60, 100).map((each) => ({ ...each, queued_at: 'long ago' }));
    expect(jobsToPurge(odd, AGE, NOW)).to.deep.equal([]);
  });

  it('are told apart by the moment, and not by how it is written', () => {
    const all = [
      ...jobs(50, 100),
      { ...job('east', 0), queued_at: '2026-06-01T01:30:00.5+02:00' },
      { ...job('west', 0), queued_at: '2026-06-01T00:30:00-02:00' },
    ];
    expect(idsOf(jobsToPurge(all, AGE, NOW))).to.deep.equal(['west', 'east']);
  });
});
