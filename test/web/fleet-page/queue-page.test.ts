import { expect } from 'chai';
import { readControls } from '../../../src/jobs/queue/queue-controls.ts';
import { listWorkers } from '../../../src/jobs/redis/worker-heartbeat.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type SignedIn, signedIn } from '../../support/fleet-browser.ts';
import { until } from '../../support/until.ts';
import { OPERATOR_AUTHORIZATION, startTestWeb, type TestWeb } from '../../support/web.ts';

const HOSTILE = '"><script>alert(1)</script>';

describe('the queue, its workers and what was done, on their pages', () => {
  let platform: TestFleet;
  let web: TestWeb;
  let operator: SignedIn;

  before(async () => {
    platform = await startTestFleet();
    web = await startTestWeb(platform);
    operator = await signedIn(web);
  });

  after(async () => {
    await web?.close();
    await platform?.close();
  });

  const pageAt = async (path: string): Promise<string> => await (await operator.get(path)).text();

  async function sent(path: string, fields: Readonly<Record<string, string>> = {}): Promise<void> {
    expect((await operator.post(path, fields)).status, path).to.equal(303);
  }

  it('pause the queue, say by whom and why, and have it go on', async () => {
    await sent('/fleet/queue/pause', { reason: HOSTILE });
    const { paused } = await readControls(platform.fleet);
    expect(paused?.who).to.include({ by: 'operator@127.0.0.1', reason: HOSTILE });
    const page = await pageAt('/fleet/queue');
    expect(page).to.contain('All work is paused').and.to.contain('operator@127.0.0.1');
    expect(page).not.to.contain('<script>alert');
    await sent('/fleet/queue/resume');
    expect(await readControls(platform.fleet)).not.to.have.property('paused');
  });

  it('limit the queue, and change only what somebody has changed', async () => {
    await sent('/fleet/queue/limits', { concurrency: '7', rate: '5/s', reason: 'slowly' });
    const was = { was_concurrency: '7', concurrency: '7', was_rate: '5/s', rate: '30/m' };
    await sent('/fleet/queue/limits', was);
    const { concurrency, rate } = await readControls(platform.fleet);
    expect([concurrency?.most, concurrency?.who?.reason]).to.deep.equal([7, 'slowly']);
    expect([rate?.max, rate?.durationMs, rate?.who?.reason]).to.deep.equal([1, 2_000, '']);
    expect(await pageAt('/fleet/queue'))
      .to.contain('at most 7')
      .and.to.contain('at most 30/m');
    const wrong = await operator.post('/fleet/queue/limits', { concurrency: 'many' });
    expect(wrong.status).to.equal(400);
    await sent('/fleet/queue/limits', {
      ...{ was_concurrency: '7', concurrency: '' },
      ...{ was_rate: '30/m', rate: '' },
    });
    expect(await readControls(platform.fleet)).to.deep.equal({});
  });

  it('show a worker with its version and last sign of life, drain it, and have it take jobs again', async () => {
    const { redis, keys } = platform.fleet;
    await until('a worker lives', async () => (await listWorkers(redis, keys)).length > 0);
    const [worker] = await listWorkers(redis, keys);
    const path = `/fleet/workers/${worker?.id}`;
    expect(await pageAt('/fleet/workers'))
      .to.contain('Last sign of life')
      .and.to.contain(worker?.id);
    await sent(`${path}/drain`, { reason: 'its machine is restarted' });
    const drained = await pageAt('/fleet/workers');
    expect(drained).to.contain('its machine is restarted').and.to.contain('Take jobs again');
    await sent(`${path}/undrain`);
    expect((await listWorkers(redis, keys))[0]).not.to.have.property('draining');
    const headers = { authorization: OPERATOR_AUTHORIZATION, accept: 'application/json' };
    const unknown = `${web.adminUrl}/fleet/workers/nobody/drain`;
    expect((await fetch(unknown, { method: 'POST', headers })).status).to.equal(404);
  });

  it('show what was done to an instance, also once it is gone', async () => {
    const domain = platform.domain('history');
    await platform.ended(await platform.submit({ domain }));
    const page = await pageAt(`/fleet/instances/${domain}`);
    expect(page)
      .to.contain('History')
      .and.to.match(/<th scope="row">create<\/th>\s*<td[^>]*><span[^>]*>done</);
    await platform.remove(domain);
    await platform.fleet.queue.clean(0, 0, 'completed');
    const gone = await pageAt(`/fleet/instances/${domain}`);
    expect(gone).to.contain('There is no instance of that name').and.to.contain('History');
    expect((await operator.get(`/fleet/instances/${platform.domain('never')}`)).status).to.equal(404);
  });

  it('look at everything when somebody asks, and tell no secret', async () => {
    expect(await pageAt('/fleet/doctor'))
      .to.contain('Look at everything')
      .and.not.to.contain('Look again');
    const answer = await operator.post('/fleet/doctor');
    expect(answer.status).to.equal(200);
    const page = await answer.text();
    expect(page).to.contain('Redis').and.to.contain('CouchDB').and.to.contain('What was found');
    const { password } = new URL(platform.config.couchdb.url);
    if (password !== '') expect(page).not.to.contain(password);
  }).timeout(30_000);

  it('change nothing without the token of a form', async () => {
    for (const path of ['/fleet/queue/pause', '/fleet/doctor', '/fleet/workers/x/drain']) {
      const headers = { cookie: operator.cookie, 'sec-fetch-site': 'same-origin' };
      const answer = await fetch(`${web.adminUrl}${path}`, { method: 'POST', headers });
      expect(answer.status, path).to.equal(403);
    }
    expect(await readControls(platform.fleet)).not.to.have.property('paused');
  });
});
