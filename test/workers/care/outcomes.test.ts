import { expect } from 'chai';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { InstanceDocument } from '../../../src/instances/documents/instance-document.ts';
import type { Progress } from '../../../src/jobs/queue/progress.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { SESSIONS } from '../../../src/usage/last-activity.ts';
import { JOBS } from '../../../src/usage/purge-jobs.ts';
import { runJobPurge } from '../../../src/workers/care/run-job-purge.ts';
import { runResetLink } from '../../../src/workers/care/run-reset-link.ts';
import { runSessionCleaning } from '../../../src/workers/care/run-session-cleaning.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { testServices } from '../../support/test-services.ts';

const DAY = 86_400_000;

describe('what work on an instance came to, told again by an attempt after a death', () => {
  let test: TestFleet;
  let count = 0;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });

  after(() => test.close());

  /** An instance of its own, and what all orders have. */
  async function ordered(fields: Partial<InstanceDocument> = {}) {
    count += 1;
    const domain = test.domain(`care-${count}`);
    const instance = await test.putInstance({ domain, prefix: prefixOf(domain), cli_secret: 'x', ...fields });
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    return { v: 1 as const, domain, seen, generation: 0, tries: 1 };
  }

  function attempt(before?: Progress) {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    return loneAttempt(testServices(test.server, places), {}, before);
  }

  /** How one attempt ended, and the next one, which finds what it has recorded. */
  async function twice<T>(run: (of: ReturnType<typeof attempt>) => Promise<T>): Promise<T[]> {
    const first = attempt();
    const outcome = await run(first);
    return [outcome, await run(attempt(first.progress()))];
  }

  async function fill(domain: string, doctype: string, documents: readonly { readonly _id: string }[]) {
    const database = databaseName(prefixOf(domain), doctype);
    await test.server.createDatabase(database);
    await test.server.bulkInsert(database, documents);
  }

  it('is a link, or that the owner has not registered', async () => {
    const one = { ...(await ordered()), kind: 'reset-links' as const, validMs: DAY };
    expect(await twice((each) => runResetLink(each, one))).to.deep.equal(['linked', 'linked']);
    const fields = { register_token: Buffer.alloc(16, 1).toString('base64') };
    const other = { ...(await ordered(fields)), kind: 'reset-links' as const, validMs: DAY };
    expect(await twice((each) => runResetLink(each, other))).to.deep.equal(['unregistered', 'unregistered']);
  });

  it('is that sessions were ended, or that there were none', async () => {
    const one = { ...(await ordered()), kind: 'clean-sessions' as const, logins: false };
    await fill(one.domain, SESSIONS, [
      { _id: 's', ...{ last_seen: '2026-05-04T10:00:00Z', created_at: '2026-05-03T10:00:00Z' } },
    ]);
    expect(await twice((each) => runSessionCleaning(each, one))).to.deep.equal(['cleaned', 'cleaned']);
    const other = { ...(await ordered()), kind: 'clean-sessions' as const, logins: false };
    expect(await twice((each) => runSessionCleaning(each, other))).to.deep.equal([
      'no-sessions',
      'no-sessions',
    ]);
  });

  it('is that jobs were purged, or that none was old', async () => {
    const one = { ...(await ordered()), kind: 'purge-jobs' as const, olderThanMs: DAY };
    const queued_at = new Date(Date.now() - 100 * DAY).toISOString();
    await fill(
      one.domain,
      JOBS,
      Array.from({ length: 51 }, (_, at) => ({
        _id: `j${at}`,
        ...{ worker: 'sendmail', state: 'done', queued_at },
      })),
    );
    expect(await twice((each) => runJobPurge(each, one))).to.deep.equal(['purged', 'purged']);
    const other = { ...(await ordered()), kind: 'purge-jobs' as const, olderThanMs: DAY };
    expect(await twice((each) => runJobPurge(each, other))).to.deep.equal(['no-old-jobs', 'no-old-jobs']);
  });

  it('is asked anew where an operator has it tried again', async () => {
    const one = { ...(await ordered()), kind: 'clean-sessions' as const, logins: false };
    const first = attempt();
    expect(await runSessionCleaning(first, one)).to.equal('no-sessions');
    await fill(one.domain, SESSIONS, [
      { _id: 's', ...{ last_seen: '2026-05-04T10:00:00Z', created_at: '2026-05-03T10:00:00Z' } },
    ]);
    const again = { ...one, generation: 1 };
    const second = attempt(first.progress());
    expect(await runSessionCleaning(second, again)).to.equal('cleaned');
    expect(await runSessionCleaning(attempt(second.progress()), again)).to.equal('cleaned');
  });
});
