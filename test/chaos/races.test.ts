import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import { retryJob } from '../../src/jobs/queue/retry-job.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import {
  type ChaosFleet,
  databasesOf,
  endOf,
  findings,
  instancesOf,
  openChaosFleet,
  optionsFor,
  queueInstance,
} from '../support/chaos-fleet.ts';
import {
  type ChaosProducer,
  type ChaosWorker,
  startChaosProducer,
  startChaosWorker,
} from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import { thrownBy } from '../support/thrown-by.ts';

const TIMEOUT_MS = 120_000;

/** How often two processes race for a name. */
const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 50);

const WORKER_CONCURRENCY = 4;

/** What the two of one round were told in the end: how the call was answered, or how its job ended. */
interface Round {
  readonly wanted: readonly [InstanceOptions, InstanceOptions];
  readonly told: readonly string[];
  /** Domains of the instances that are there. */
  readonly there: readonly StoredInstance[];
}

describe('two adds at once', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let producers: [ChaosProducer, ChaosProducer];

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    await chaos.worker(WORKER_CONCURRENCY);
    const start = async () =>
      chaos.cleanup.add(await startChaosProducer(chaos.settings, chaos.fleet), (each) => each.kill());
    producers = [await start(), await start()];
  });
  after(() => suite.run());

  async function race(name: string, wantedIn: (round: string) => Round['wanted']): Promise<Round[]> {
    const rounds: { wanted: Round['wanted']; told: Promise<string[]> }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const wanted = wantedIn(chaos.domain(`${name}-${round}`));
      const answers = await Promise.all(
        producers.map((producer, at) => producer.add(wanted[at === 0 ? 0 : 1])),
      );
      const told = Promise.all(
        answers.map(async ({ state, jobId }) => {
          if (state !== 'queued') return state;
          const end = await endOf(chaos, jobId);
          if (end.state === 'done') return end.outcome;
          return end.state === 'failed' ? end.code : end.state;
        }),
      );
      rounds.push({ wanted, told });
    }
    return await Promise.all(
      rounds.map(async ({ wanted, told }) => {
        const ends = await told;
        const domains = wanted.map(({ domain }) => domain);
        return { wanted, told: ends, there: await instancesOf(chaos.couch, domains) };
      }),
    );
  }

  /** One of the two made it, whichever came first; the other one was told. */
  function expectOneEach(rounds: readonly Round[], otherMayBeTold: readonly string[]): void {
    expect(rounds).to.have.length(ROUNDS);
    for (const { told, there } of rounds) {
      expect(there).to.have.length(1);
      expect(told.filter((each) => each === 'created')).to.have.length(1);
      expect(otherMayBeTold).to.include(told.find((each) => each !== 'created'));
    }
  }

  async function expectComplete(rounds: readonly Round[]): Promise<void> {
    const winners = rounds.map(({ wanted, told }) => wanted[told[0] === 'created' ? 0 : 1]);
    const found = await Promise.all(winners.map((winner) => findings(chaos, winner)));
    expect(found.flat()).to.deep.equal([]);
  }

  it('for one domain and different people make one instance, and the other is told', async () => {
    const rounds = await race('people', (domain) => [
      optionsFor(domain, { email: 'alice@example.org' }),
      optionsFor(domain, { email: 'bob@example.org' }),
    ]);
    expectOneEach(rounds, ['busy', 'taken']);
    await expectComplete(rounds);
  });

  it('with equal options make one instance, for both', async () => {
    const rounds = await race('equal', (domain) => [optionsFor(domain), optionsFor(domain)]);
    expectOneEach(rounds, ['joined', 'exists']);
    await expectComplete(rounds);
  });

  it('that alias each other make one instance, and the other is told', async () => {
    const rounds = await race('crossing', (domain) => {
      const other = `other-${domain}`;
      return [
        optionsFor(domain, { 'domain-aliases': other }),
        optionsFor(other, { 'domain-aliases': domain, email: 'bob@example.org' }),
      ];
    });
    expectOneEach(rounds, ['busy', 'taken']);
    await expectComplete(rounds);
  });
});

describe('a document of the same domain that appears before the end', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let options: InstanceOptions;
  let jobId: string;
  let stacks: { readonly _id: string; readonly _rev: string };

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    options = optionsFor(chaos.domain('second-owner'));
    const worker = chaos.cleanup.add(await startChaosWorker(chaos.settings, ['before finish']), (each) =>
      each.kill(),
    );
    jobId = await queueInstance(chaos, options);
    await worker.held('before finish');
    // As a stack makes it: an id of its own, and the prefix that every instance of the domain gets.
    const _id = randomBytes(16).toString('hex');
    const document = { _id, domain: options.domain, prefix: prefixOf(options.domain), locale: 'en' };
    stacks = { _id, _rev: await chaos.couch.putDocument(INSTANCES, document) };
    worker.goOn('before finish');
    await endOf(chaos, jobId);
    await worker.stop();
  });
  after(() => suite.run());

  it('makes the job fail', async () => {
    expect(await endOf(chaos, jobId)).to.include({ state: 'failed', code: 'second_owner' });
  });

  it('is left as it is', async () => {
    expect(await chaos.couch.getDocument(INSTANCES, stacks._id)).to.include(stacks);
  });

  it('keeps the databases and files that may be its own by now', async () => {
    expect(await databasesOf(chaos.couch, options.domain)).to.have.length(16);
    expect(await chaos.storage.hasFiles(options.domain)).to.equal(true);
  });

  it('is the only one: the reservation goes', async () => {
    expect(await chaos.couch.getDocument(INSTANCES, reservationId(options.domain))).to.equal(undefined);
  });
});

describe('another try of an old failed job', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let failed: string;
  let newer: string;
  let heldWorker: ChaosWorker;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    const options = optionsFor(chaos.domain('retried'));
    const worker = chaos.cleanup.add(await startChaosWorker(chaos.settings, ['before finish']), (each) =>
      each.kill(),
    );
    const other = { _id: randomBytes(16).toString('hex'), domain: options.domain };
    const _rev = await chaos.couch.putDocument(INSTANCES, other);
    failed = await queueInstance(chaos, options);
    expect(await endOf(chaos, failed)).to.include({ state: 'failed', code: 'taken' });
    await chaos.couch.deleteDocument(INSTANCES, other._id, _rev);
    newer = await queueInstance(chaos, options);
    await worker.held('before finish');
    heldWorker = worker;
  });
  after(() => suite.run());

  it('is refused while a newer one lives', async () => {
    expect(await thrownBy(retryJob(chaos.fleet, failed))).to.include({ code: 'busy' });
  });

  it('is refused when a newer one has finished', async () => {
    heldWorker.goOn('before finish');
    expect(await endOf(chaos, newer)).to.include({ state: 'done' });
    expect(await thrownBy(retryJob(chaos.fleet, failed))).to.include({ code: 'newer_job' });
  });
});
