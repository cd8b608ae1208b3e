import { expect } from 'chai';
import { isFinished } from '../../src/instances/documents/reservation.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import { type ChaosFleet, instancesOf, openChaosFleet } from '../support/chaos-fleet.ts';
import { startChaosServer } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import { until } from '../support/until.ts';
import { OPERATOR_AUTHORIZATION } from '../support/web.ts';

const TIMEOUT_MS = 120_000;

/** Requests at a time. */
const REQUESTS = 200;

/** The embedded CouchDB makes a few instances a second: there, several clients ask for each. */
const INSTANCES = process.env['COUCHDB_URL'] ? REQUESTS : REQUESTS / 5;

/** Jobs that Redis has when the server is killed: some requests have got that far, others not. */
const JOBS_BEFORE_KILL = INSTANCES * 0.6;

/** Jobs at a time of the worker. */
const CONCURRENCY = 8;

describe('a server that is killed while 200 instances are asked for', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let domains: readonly string[];
  /** Status of each answer before the kill, and after it; undefined where none came. */
  let firstAnswers: readonly (number | undefined)[];
  let secondAnswers: readonly (number | undefined)[];
  /** Instances whose jobs were in Redis when the server was killed. */
  const acknowledged: string[] = [];
  /** Requests for each of them of which Redis knew then that they were not answered. */
  const unanswered = new Map<string, number>();

  const domainOf = (request: number): string => domains[request % INSTANCES] ?? '';

  async function askAll(url: string): Promise<readonly (number | undefined)[]> {
    return await Promise.all(Array.from({ length: REQUESTS }, (_, at) => ask(url, domainOf(at))));
  }

  async function ask(url: string, domain: string): Promise<number | undefined> {
    const query = new URLSearchParams({ Domain: domain, Email: 'a@example.org', Locale: 'fr' });
    try {
      const headers = { authorization: OPERATOR_AUTHORIZATION };
      const response = await fetch(`${url}/instances?${query}`, { method: 'POST', headers });
      await response.text();
      return response.status;
    } catch {
      return undefined;
    }
  }

  /** The job that Redis has for a domain. */
  async function jobOf(domain: string): Promise<string | null> {
    return await chaos.fleet.redis.hget(chaos.fleet.keys.name(domain), 'last');
  }

  async function unansweredOf(domain: string): Promise<number> {
    const notes = await chaos.fleet.redis.hvals(chaos.fleet.keys.unanswered(domain));
    return notes.reduce((sum, each) => sum + Number(each), 0);
  }

  before('asks, kills and asks again', async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    await chaos.worker(CONCURRENCY);
    domains = Array.from({ length: INSTANCES }, (_, at) => chaos.domain(`asked-${at}`));

    const first = suite.add(await startChaosServer(chaos.settings), (each) => each.kill());
    const asking = askAll(first.url);
    await until('many jobs are queued', async () => {
      const counts = await chaos.fleet.queue.getJobCounts();
      return Object.values(counts).reduce((sum, each) => sum + each, 0) >= JOBS_BEFORE_KILL;
    });
    await first.kill();
    firstAnswers = await asking;
    for (const domain of domains) {
      if ((await jobOf(domain)) !== null) acknowledged.push(domain);
      unanswered.set(domain, await unansweredOf(domain));
    }

    const second = suite.add(await startChaosServer(chaos.settings), (each) => each.kill());
    secondAnswers = await askAll(second.url);
  });
  after(() => suite.run());

  it('was killed in the middle of it', () => {
    expect(acknowledged.length).to.be.within(JOBS_BEFORE_KILL, INSTANCES);
    expect(firstAnswers.filter((status) => status === undefined)).not.to.be.empty;
  });

  it('has made each instance whose job Redis acknowledged, once', async () => {
    const made = (await instancesOf(chaos.couch, acknowledged))
      .filter(isFinished)
      .map(({ domain }) => domain);
    expect(made.sort()).to.deep.equal([...acknowledged].sort());
  });

  it('answers 201 to the repetition of each request that Redis knew of and that was not answered', () => {
    const answered = (domain: string) =>
      secondAnswers.filter((status, at) => status === 201 && domainOf(at) === domain).length;
    const lacking = domains.filter((domain) => answered(domain) < (unanswered.get(domain) ?? 0));
    expect([...unanswered.values()].reduce((sum, each) => sum + each, 0)).to.be.at.least(
      JOBS_BEFORE_KILL / 2,
    );
    expect(lacking).to.deep.equal([]);
  });

  it('answers each request, and 201 or that it exists', () => {
    expect(secondAnswers.filter((status) => status !== 201 && status !== 409)).to.deep.equal([]);
    for (const domain of acknowledged) {
      const all = [...firstAnswers, ...secondAnswers].filter((_, at) => domainOf(at % REQUESTS) === domain);
      expect(all, domain).to.include(201);
    }
  });
});
