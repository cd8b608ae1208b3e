import { expect } from 'chai';
import { prefixOf } from '../../src/instances/databases/prefix.ts';
import { makeReadyForCare, wrongAfterCare } from '../support/chaos-care.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import {
  type ChaosFleet,
  endOf,
  findings,
  openChaosFleet,
  optionsFor,
  queueInstance,
} from '../support/chaos-fleet.ts';
import { openGate } from '../support/chaos-gate.ts';
import { startChaosWorker } from '../support/chaos-process.ts';
import { queueTask, type TaskOnInstance } from '../support/chaos-work.ts';
import { Cleanup } from '../support/cleanup.ts';

const TIMEOUT_MS = 120_000;

const INSTANCE = 'global/instances/.+';

/** Requests of such work, at which the worker is killed. */
const REQUESTS: readonly {
  readonly task: TaskOnInstance;
  readonly outcome: string;
  readonly what: string;
  readonly method: string;
  /** Below the prefix of the instance, unless it is its document. */
  readonly path: string;
}[] = [
  {
    task: { kind: 'reset-links', validMs: 86_400_000 },
    outcome: 'linked',
    what: 'the token',
    method: 'PUT',
    path: INSTANCE,
  },
  {
    task: { kind: 'clean-sessions', logins: true },
    outcome: 'cleaned',
    what: 'the last activity',
    method: 'PUT',
    path: INSTANCE,
  },
  {
    task: { kind: 'clean-sessions', logins: true },
    outcome: 'cleaned',
    what: 'the documents of logins',
    method: 'POST',
    path: 'io-cozy-sessions-logins/_bulk_docs',
  },
  {
    task: { kind: 'purge-jobs', olderThanMs: 86_400_000 },
    outcome: 'purged',
    what: 'the old jobs',
    method: 'POST',
    path: 'io-cozy-jobs/_bulk_docs',
  },
];

const KILLS = REQUESTS.flatMap((request) => (['before', 'after'] as const).map((at) => ({ ...request, at })));

describe('care of an instance whose worker was killed', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let gate: Awaited<ReturnType<typeof openGate>>;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    gate = suite.add(await openGate(couch.url), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
  });
  after(() => suite.run());

  for (const [number, { task, outcome, what, method, path, at }] of KILLS.entries()) {
    it(`${at} ${what} (${task.kind}) is finished by another, and counts as its work`, async () => {
      const domain = chaos.domain(`care-${number}`);
      const options = optionsFor(domain);
      const maker = await chaos.worker(1);
      expect(await endOf(chaos, await queueInstance(chaos, options))).to.include({ outcome: 'created' });
      await maker.stop();
      await makeReadyForCare(chaos, task.kind, domain);

      const gated = { ...chaos.settings, couchUrl: gate.url };
      const where = path === INSTANCE ? INSTANCE.replace('/', '(?:/|%2F)') : `${prefixOf(domain)}/${path}`;
      const hold = gate.hold({ method, at, path: new RegExp(`^/${where}$`) });
      const worker = suite.add(await startChaosWorker(gated), (each) => each.kill());
      const jobId = await queueTask(chaos, domain, task);
      await hold.reached;
      await worker.kill();
      hold.release();
      const rescuer = suite.add(await startChaosWorker(gated), (each) => each.kill());
      expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome });
      await rescuer.kill();
      expect(await wrongAfterCare(chaos, task.kind, domain)).to.deep.equal([]);
      expect(await findings(chaos, options)).to.deep.equal([]);
    });
  }
});
