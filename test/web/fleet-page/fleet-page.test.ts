import { expect } from 'chai';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type SignedIn, signedIn } from '../../support/fleet-browser.ts';
import { until } from '../../support/until.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

/** What must never stand in a page as it is. */
const HOSTILE = '"><script>alert(1)</script>\u202e<img src=x onerror=alert(1)>';

const EMAIL = 'somebody@private.example';

describe('pages of the fleet', () => {
  let platform: TestFleet;
  let web: TestWeb;
  let operator: SignedIn;

  before(async () => {
    platform = await startTestFleet({ worker: false });
    web = await startTestWeb(platform);
    operator = await signedIn(web);
  });

  after(async () => {
    await web?.close();
    await platform?.close();
  });

  async function pageAt(path: string, status = 200): Promise<string> {
    const answer = await operator.get(path);
    expect(answer.status, path).to.equal(status);
    expect(answer.headers.get('content-type')).to.equal('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    return await answer.text();
  }

  function expectHarmless(page: string): void {
    const at = page.search(/<script>|<img|\u202e/);
    expect(at < 0 ? '' : page.slice(Math.max(at - 60, 0), at + 20)).to.equal('');
  }

  /** A batch of one row that failed, of which all is hostile. */
  async function hostileBatch(): Promise<string> {
    const { batches } = platform.fleet;
    const id = await batches.create({
      kind: 'create',
      name: HOSTILE,
      reason: HOSTILE,
      by: HOSTILE,
      total: 2,
    });
    const row = {
      batchId: id,
      row: 2,
      domain: HOSTILE,
      stage: HOSTILE,
      code: HOSTILE,
      error: HOSTILE,
      jobId: HOSTILE,
    };
    await batches.report({ ...row, state: 'failed', generation: 0, attempt: 1 });
    return id;
  }

  it('show a fleet in which there is nothing', async () => {
    const page = await pageAt('/fleet');
    expect(page).to.contain('No batch so far').and.to.contain('No worker runs');
  });

  it('show nothing as it is that others have named', async () => {
    const id = await hostileBatch();
    const { redis, keys } = platform.fleet;
    const worker = {
      id: HOSTILE,
      host: HOSTILE,
      pid: 1,
      concurrency: 1,
      running: 0,
      startedAt: 9e15,
      waitsFor: HOSTILE,
    };
    await redis.multi().hset(keys.worker(HOSTILE), worker).zadd(keys.workers, 1, HOSTILE).exec();
    for (const path of ['/fleet', '/fleet/workers', `/fleet/batches/${id}`, `/fleet/batches/${id}/cancel`]) {
      const page = await pageAt(path);
      expectHarmless(page);
      expect(page, path).to.contain('&#60;script&#62;');
    }
    await platform.fleet.redis.multi().del(keys.worker(HOSTILE)).zrem(keys.workers, HOSTILE).exec();
  });

  it('show nothing as it is that was asked for', async () => {
    const asked = encodeURIComponent(HOSTILE);
    for (const path of [
      `/fleet/${asked}`,
      `/fleet/batches/${asked}`,
      `/fleet/batches/new/${asked}`,
      `/fleet/jobs/${asked}`,
      `/fleet/instances/${asked}`,
      `/fleet/batches/${await hostileBatch()}?state=${asked}&after=${asked}`,
      `/fleet/sign-in?next=${asked}`,
    ]) {
      const answer = await operator.get(path);
      expect(answer.status, path).to.be.oneOf([200, 400, 404]);
      expectHarmless(await answer.text());
    }
  });

  it('say so where there is no such batch, job, instance or page', async () => {
    for (const path of [
      'batches/NOONE',
      `jobs/${platform.domain('none')}`,
      `instances/${platform.domain('none')}`,
      'nowhere',
    ]) {
      expect(await pageAt(`/fleet/${path}`, 404), path).to.contain('Not found');
    }
  });

  it('name a command as it is typed', async () => {
    expect(await pageAt('/fleet/batches/NOONE', 404)).to.contain('<p>cozy-fleet batches ls lists them.</p>');
  });

  it('say of an instance that is to be made that it is not there yet', async () => {
    const domain = platform.domain('to-come');
    await platform.submit({ domain });
    const page = await pageAt(`/fleet/instances/${domain}`);
    expect(page).to.contain('It is not there yet').and.not.to.contain('missing');
  });

  it('show only rows of the state that was asked for, page by page', async () => {
    const { batches } = platform.fleet;
    const id = await batches.create({ kind: 'create', name: 'rows', reason: '', by: 'x', total: 60 });
    for (let row = 1; row <= 60; row += 1) {
      const state = row <= 55 ? 'done' : 'failed';
      await batches.report({
        batchId: id,
        row,
        domain: `row-${row}.example.org`,
        state,
        generation: 0,
        attempt: 1,
      });
    }
    const first = await pageAt(`/fleet/batches/${id}?state=done`);
    expect(first).to.contain('row-50.example.org').and.not.to.contain('row-51.example.org');
    const { next = '' } = /rel="next" href="(?<next>[^"]+)"/.exec(first)?.groups ?? {};
    const whole = await pageAt(next.replaceAll('&#61;', '=').replaceAll('&#38;', '&'));
    const second = whole.slice(whole.indexOf('id="rows"'));
    expect(second).to.contain('row-55.example.org').and.not.to.contain('row-50.example.org');
    expect(second).not.to.contain('row-56.example.org').and.not.to.contain('rel="next"');
  });

  it('tell nothing of an owner, and no secret, of an instance, its job and the queue', async () => {
    const domain = platform.domain('private');
    const instance = await platform.putInstance({
      domain,
      register_token: 'cmVnaXN0ZXIgdG9rZW4=',
      cli_secret: 'Y2xpIHNlY3JldA==',
      passphrase_hash: 'aGFzaA==',
    });
    const jobId = await platform.submit(
      { domain: platform.domain('queued'), email: EMAIL, 'public-name': 'Ada' },
      'secret words',
    );
    const pages = [
      await pageAt(`/fleet/instances/${domain}`),
      await pageAt(`/fleet/instances/${platform.domain('queued')}`),
      await pageAt(`/fleet/jobs/${jobId}`),
      await (
        await operator.get(
          '/fleet/board/api/queues?activeQueue=instances&status=prioritized&page=1&jobsPerPage=10',
        )
      ).text(),
      await (await operator.get(`/fleet/board/api/queues/instances/${jobId}`)).text(),
    ];
    expect(pages[0]).to.contain(domain);
    expect(pages[4]).to.contain(jobId);
    for (const page of pages) {
      for (const secret of [
        EMAIL,
        'Ada',
        'secret words',
        instance.register_token,
        instance.cli_secret,
        instance.passphrase_hash,
      ]) {
        expect(page).not.to.contain(secret);
      }
    }
  });

  it('let the queue be looked at only', async () => {
    const jobId = await platform.submit({ domain: platform.domain('stays') });
    for (const [method, path] of [
      ['PUT', 'instances/pause'],
      ['PUT', `instances/${jobId}/clean`],
      ['PUT', 'instances/empty'],
      ['POST', 'instances/add'],
      ['DELETE', 'instances'],
    ] as const) {
      const answer = await fetch(`${web.adminUrl}/fleet/board/api/queues/${path}`, {
        method,
        headers: { cookie: operator.cookie, 'sec-fetch-site': 'same-origin' },
      });
      expect(answer.status, `${method} ${path}`).to.be.oneOf([403, 404, 405]);
    }
    expect(await platform.fleet.queue.isPaused()).to.equal(false);
    expect(await platform.fleet.queue.getJob(jobId)).not.to.equal(undefined);
  });

  it('have the queue from this server alone', async () => {
    const answer = await operator.get('/fleet/board');
    const page = await answer.text();
    expect(page).to.contain('static/js/').and.not.to.contain('//fonts.');
    expect(answer.headers.get('content-security-policy')).to.contain("script-src 'self';");
  });

  it('lead from a name to an instance, and from an id to a job', async () => {
    const jobId = await platform.submit({ domain: platform.domain('found') });
    const job = await operator.get(`/fleet/find?q=${jobId}`);
    expect([job.status, job.headers.get('location')]).to.deep.equal([303, `/fleet/jobs/${jobId}`]);
    const other = await operator.get(`/fleet/find?q=${encodeURIComponent('//evil.example')}`);
    expect(other.headers.get('location')).to.equal('/fleet/instances/%2F%2Fevil.example');
  });

  it('answer programs on the same paths with JSON', async () => {
    const answer = await fetch(`${web.adminUrl}/fleet/workers`, {
      headers: { cookie: operator.cookie, accept: 'application/json' },
    });
    expect(answer.headers.get('content-type')).to.contain('application/json');
  });
});

describe('a job that somebody has broken', () => {
  let platform: TestFleet;
  let web: TestWeb;
  let operator: SignedIn;

  before(async () => {
    platform = await startTestFleet({ worker: false });
    web = await startTestWeb(platform);
    operator = await signedIn(web);
  });

  after(async () => {
    await web?.close();
    await platform?.close();
  });

  /** A job in the queue, one field of which is none any more. */
  async function brokenJob(field: string, name = field): Promise<string> {
    const { redis, keys } = platform.fleet;
    const jobId = await platform.submit({ domain: platform.domain(`broken-${name}`) });
    await redis.hset(keys.bull(jobId), field, '{');
    return jobId;
  }

  for (const field of ['data', 'progress', 'opts']) {
    it(`shows what is known where its ${field} cannot be read`, async () => {
      const jobId = await brokenJob(field);
      const answer = await operator.get(`/fleet/jobs/${jobId}`);
      const page = await answer.text();
      expect(answer.status).to.equal(200);
      expect(page).to.contain(jobId).and.to.contain('waiting').and.to.contain('bad_payload');
      expect(page).not.to.contain(`/fleet/jobs/${jobId}/cancel`);
    });
  }

  it('says what to do to whoever would have it tried again', async () => {
    const jobId = await brokenJob('data', 'retried');
    const answer = await operator.post(`/fleet/jobs/${jobId}/retry`);
    expect(answer.status).to.equal(409);
    expect(await answer.text()).to.contain('Submit the instance again');
  });
});

describe('a batch on its page', () => {
  let platform: TestFleet;
  let web: TestWeb;
  let operator: SignedIn;

  before(async () => {
    platform = await startTestFleet({ worker: false });
    web = await startTestWeb(platform);
    operator = await signedIn(web);
  });

  after(async () => {
    await web?.close();
    await platform?.close();
  });

  async function batchOf(total: number): Promise<string> {
    return await platform.fleet.batches.create({ kind: 'create', name: 'x', reason: '', by: 'x', total });
  }

  it('is not cancelled without a reason', async () => {
    const id = await batchOf(1);
    for (const fields of [{}, { reason: '  ' }, { reason: 'x'.repeat(501) }]) {
      const answer = await operator.post(`/fleet/batches/${id}/cancel`, fields);
      expect(answer.status).to.equal(400);
      expect(await answer.text()).to.contain('Say why');
    }
    expect((await platform.fleet.batches.get(id)).halt).to.equal(undefined);
  });

  it('that was cancelled is not said to have failed', async () => {
    const { batches } = platform.fleet;
    for (const [states, shown] of [
      [['cancelled', 'cancelled'], 'cancelled'],
      [['done', 'cancelled'], 'partly cancelled'],
      [['failed', 'cancelled'], 'failed'],
    ] as const) {
      const id = await batchOf(states.length);
      for (const [at, state] of states.entries()) {
        const row = { batchId: id, row: at + 2, domain: platform.domain(`row-${at}`), state };
        await batches.report({ ...row, generation: 0, attempt: 1 });
      }
      const page = await (await operator.get(`/fleet/batches/${id}`)).text();
      expect(page).to.contain(`data-state="${shown}" data-live="state"`);
    }
  });

  it('says that it waits for a worker, and is not cancelled twice', async () => {
    const id = await batchOf(1);
    const page = async () => await (await operator.get(`/fleet/batches/${id}`)).text();
    expect(await page())
      .to.contain('no worker runs')
      .and.to.match(/data-if="canCancel" >Cancel/);
    await operator.post(`/fleet/batches/${id}/cancel`, { reason: 'the wrong file' });
    expect(await page()).to.match(/data-if="canCancel" hidden>Cancel/);
  });

  it('keeps why it was cancelled', async () => {
    const id = await batchOf(1);
    const answer = await operator.post(`/fleet/batches/${id}/cancel`, { reason: ' the wrong <file> ' });
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, `/fleet/batches/${id}`]);
    const { halt, haltReason } = await platform.fleet.batches.get(id);
    expect([halt, haltReason]).to.deep.equal(['cancelled', 'the wrong <file>']);
    expect(await (await operator.get(`/fleet/batches/${id}`)).text()).to.contain('the wrong &#60;file&#62;');
  });

  it('names the rows that cannot be tried again, and why', async () => {
    const id = await batchOf(1);
    const row = { batchId: id, row: 7, domain: platform.domain('without-job'), code: 'taken' };
    await platform.fleet.batches.report({ ...row, state: 'failed', generation: 0, attempt: 1 });
    const page = await (await operator.post(`/fleet/batches/${id}/retry`)).text();
    expect(page).to.contain('Nothing is tried again').and.to.contain(platform.domain('without-job'));
    expect(page).to.contain('not_its_job');
  });
});

describe('pages while Redis is away', () => {
  it('say so and what to do, and come back by themselves', async () => {
    const platform = await startTestFleet({ worker: false });
    const web = await startTestWeb(platform);
    try {
      const operator = await signedIn(web);
      expect((await operator.get('/fleet')).status).to.equal(200);
      await platform.redis.stop();
      const away = await operator.get('/fleet');
      expect([away.status, away.headers.get('retry-after')]).to.deep.equal([503, '5']);
      expect(await away.text())
        .to.contain('Redis does not answer')
        .and.to.contain('Try again');
      expect((await operator.get('/fleet/board')).status).to.equal(503);
      expect((await fetch(`${web.adminUrl}/fleet/sign-in`)).status).to.equal(200);
      await platform.redis.start();
      await until('the page is back', async () => (await operator.get('/fleet')).status === 200);
    } finally {
      await web.close();
      await platform.close();
    }
  });
});
