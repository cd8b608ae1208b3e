import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { send as sendTo } from '../../support/admin-client.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';
import { OPERATOR_AUTHORIZATION, startTestWeb, type TestWeb } from '../../support/web.ts';

/** A place where somebody waits until he is let go. */
function gate(): {
  readonly reached: Promise<void>;
  readonly open: Promise<void>;
  reach(): void;
  letGo(): void;
} {
  let reach = (): void => undefined;
  let letGo = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const open = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return { reached, open, reach: () => reach(), letGo: () => letGo() };
}

describe('a change of an instance that is being made', function () {
  this.timeout(60_000);

  let fleet: TestFleet;
  let web: TestWeb;

  before(async () => {
    fleet = await startTestFleet();
    web = await startTestWeb(fleet);
  });

  after(async () => {
    await web.close();
    await fleet.close();
  });

  /** A creation that stands still before that stage. */
  async function makeUntil(stage: 'register' | 'databases' | 'finish' | 'apps', name: string) {
    const stop = gate();
    const domain = fleet.domain(name);
    fleet.beforeStage(stage, async () => {
      stop.reach();
      await stop.open;
    });
    const jobId = await fleet.submit({ domain });
    await stop.reached;
    return { domain, jobId, letGo: stop.letGo };
  }

  for (const stage of ['register', 'databases', 'finish'] as const) {
    it(`waits until the instance is in use, from before "${stage}" on`, async () => {
      const { domain, letGo } = await makeUntil(stage, `waits-${stage}`);
      let answered = false;
      const answer = sendTo(web.adminUrl, `PATCH /instances/${domain}?OnboardingFinished=true`).finally(
        () => {
          answered = true;
        },
      );
      // Whatever would go through at once has done so when another request has its answer.
      await sendTo(web.adminUrl, `GET /instances/${domain}`);
      expect(answered).to.equal(false);
      letGo();
      const { status, json } = await answer;
      expect(status).to.equal(200);
      expect(json.data.attributes).to.include({ domain, onboarding_finished: true });
      expect(json.data.attributes).not.to.have.property('blocked');
    });
  }

  it('goes through while applications are installed', async () => {
    const { domain, jobId, letGo } = await makeUntil('apps', 'passes');
    const { status, json } = await sendTo(
      web.adminUrl,
      `PATCH /instances/${domain}?OnboardingFinished=true&Email=a%40example.org`,
    );
    expect(status).to.equal(200);
    expect(json.data.attributes).to.include({ onboarding_finished: true });
    letGo();
    expect(await fleet.ended(jobId)).to.include({ state: 'done' });
    expect(await fleet.instance(domain)).to.include({ onboarding_finished: true });
  });

  it('waits for the applications where it is about names', async () => {
    const { domain, letGo } = await makeUntil('apps', 'names');
    const alias = fleet.domain('names-alias');
    const answer = sendTo(web.adminUrl, `PATCH /instances/${domain}?DomainAliases=${alias}`);
    await sendTo(web.adminUrl, `GET /instances/${domain}`);
    expect(await fleet.instance(domain)).not.to.have.property('domain_aliases');
    letGo();
    expect((await answer).json.data.attributes.domain_aliases).to.deep.equal([alias]);
  });

  it('is made though the client has left, once it is its turn', async () => {
    const { domain, jobId, letGo } = await makeUntil('apps', 'leaves');
    letGo();
    await fleet.ended(jobId);
    const { claims } = fleet.fleet;
    const other = { jobId: randomUUID(), kind: 'modify', names: [domain], payloadHash: '' } as const;
    expect(await claims.take(other, 'direct')).to.deep.equal({ state: 'held' });
    const leaving = new AbortController();
    const answer = fetch(`${web.adminUrl}/instances/${domain}?Locale=nl`, {
      method: 'PATCH',
      headers: { authorization: OPERATOR_AUTHORIZATION },
      signal: leaving.signal,
    });
    await sendTo(web.adminUrl, `GET /instances/${domain}`);
    leaving.abort();
    expect(await thrownBy(answer)).to.have.property('name', 'AbortError');
    expect(await fleet.instance(domain)).to.include({ locale: 'en' });
    await claims.release(other.jobId, other.names);
    await until('it is made', async () => (await fleet.instance(domain))?.locale === 'nl');
  });

  it('gives up when another command holds the instance for longer than an answer may wait', async () => {
    const { domain, jobId, letGo } = await makeUntil('apps', 'held');
    letGo();
    await fleet.ended(jobId);
    const impatient = await startTestWeb(fleet, { holdSeconds: 1 });
    const { claims } = fleet.fleet;
    const other = { jobId: randomUUID(), kind: 'modify', names: [domain], payloadHash: '' } as const;
    await claims.take(other, 'direct');
    const { status, headers } = await sendTo(impatient.adminUrl, `PATCH /instances/${domain}?Locale=nl`);
    await claims.release(other.jobId, other.names);
    await impatient.close();
    expect([status, headers.has('retry-after')]).to.deep.equal([503, true]);
    expect(await fleet.instance(domain)).to.include({ locale: 'en' });
  });

  it('gives up soon when the server is to close', async () => {
    const other = await startTestWeb(fleet);
    const { domain, jobId, letGo } = await makeUntil('databases', 'closes');
    const answer = sendTo(other.adminUrl, `PATCH /instances/${domain}?Locale=fr`).catch(() => undefined);
    await sendTo(other.adminUrl, `GET /instances/${domain}`);
    await other.close();
    expect([undefined, 503]).to.include((await answer)?.status);
    letGo();
    expect(await fleet.ended(jobId)).to.include({ state: 'done' });
    expect(await fleet.instance(domain)).to.include({ locale: 'en' });
  });
});
