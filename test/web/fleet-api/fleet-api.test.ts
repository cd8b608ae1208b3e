import { expect } from 'chai';
import { batchRow } from '../../support/batch-row.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type FleetWeb, startFleetWeb } from '../../support/fleet-web.ts';
import { until } from '../../support/until.ts';

const NO_JOB = '00000000-0000-4000-8000-000000000000';

describe('the routes of the fleet', () => {
  let fleet: TestFleet;
  let web: FleetWeb;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    web = await startFleetWeb(fleet);
  });

  after(async () => {
    await web?.close();
    await fleet?.close();
  });

  const postJson = (path: string, body?: unknown) =>
    web.post(path, 'application/json', body === undefined ? '' : JSON.stringify(body));

  /** A batch of rows that wait for a worker. */
  async function waiting(...domains: string[]): Promise<string> {
    const answer = await web.post('/fleet/batches', 'text/csv', `domain\n${domains.join('\n')}\n`);
    const id = String(answer.json()['batch']);
    await until('all rows wait', async () => {
      const { counts } = await fleet.fleet.batches.get(id);
      return counts.waiting === domains.length;
    });
    return id;
  }

  async function ended(id: string): Promise<void> {
    await until('the batch has ended', async () => (await fleet.fleet.batches.get(id)).endedAt !== undefined);
  }

  it('are closed to whoever is not the operator', async () => {
    for (const path of ['/fleet/batches', '/fleet/jobs', '/fleet/events', '/fleet/openapi.json']) {
      expect((await web.ask(path, { headers: { authorization: '' } })).status, path).to.equal(401);
    }
  });

  it('list batches, newest first and as many as wanted', async () => {
    const older = await waiting(fleet.domain('l1'));
    const newer = await waiting(fleet.domain('l2'));
    const { batches } = (await web.ask('/fleet/batches?limit=2')).json();
    expect(batches).to.have.nested.property('[0].batch', newer);
    expect(batches).to.have.nested.property('[1].batch', older);
    expect(batches).to.have.length(2);
  });

  it('list the rows of a batch page by page, by state, with names as they are', async () => {
    const hostile = '"><script>alert(1)</script>\u2028.example.org';
    const { batches } = fleet.fleet;
    const id = await batches.create({ kind: 'create', name: hostile, reason: '', by: 'me', total: 3 });
    const about = { batchId: id, generation: 0, attempt: 1 } as const;
    await batches.report({
      ...about,
      row: 2,
      state: 'failed',
      domain: hostile,
      code: 'taken',
      error: hostile,
    });
    await batches.report({
      ...about,
      row: 3,
      state: 'done',
      domain: 'b.example.org',
      incarnation: 'secretlife',
    });
    await batches.report({
      ...about,
      row: 5,
      state: 'failed',
      domain: 'c.example.org',
      stage: 'apps',
      tries: 2,
    });

    const first = await web.ask(`/fleet/batches/${id}/rows?limit=2`);
    expect(first.json()).to.deep.equal({
      rows: [
        { row: 2, state: 'failed', domain: hostile, code: 'taken', message: hostile },
        { row: 3, state: 'done', domain: 'b.example.org' },
      ],
      next: 3,
    });
    const next = (await web.ask(`/fleet/batches/${id}/rows?limit=2&cursor=3`)).json();
    expect(next['rows']).to.deep.equal([
      { row: 5, state: 'failed', domain: 'c.example.org', stage: 'apps', tries: 2 },
    ]);
    expect(next).not.to.have.property('next');
    const failed = (await web.ask(`/fleet/batches/${id}/rows?state=failed`)).json();
    expect(failed['rows']).to.have.length(2);
    expect((await web.ask(`/fleet/batches/${id}`)).json()).to.include({ name: hostile });
  });

  it('say what is unknown, and never with a page', async () => {
    for (const path of [
      '/fleet/batches/ZZZZZ',
      '/fleet/batches/ZZZZZ/rows',
      `/fleet/jobs/${NO_JOB}`,
      `/fleet/jobs/${fleet.domain('nobody')}`,
      `/fleet/instances/${fleet.domain('nobody')}`,
    ]) {
      const answer = await web.ask(path, { headers: { accept: 'text/html' } });
      expect(answer.status, path).to.equal(404);
      expect(answer.headers.get('content-type')).to.match(/^application\/json/);
    }
    for (const path of ['/fleet/batches/ZZZZZ', `/fleet/jobs/${NO_JOB}`]) {
      for (const deed of ['retry', 'cancel']) {
        expect((await postJson(`${path}/${deed}`)).status, `${path}/${deed}`).to.equal(404);
      }
    }
  });

  it('refuse what a query or a body cannot say', async () => {
    for (const path of [
      '/fleet/batches?limit=0',
      '/fleet/batches?limit=100000',
      '/fleet/batches?limit=x',
      '/fleet/batches?more=1',
      '/fleet/jobs?state=nonsense',
      `/fleet/batches/${'Z'.repeat(40)}`,
      '/fleet/instances/bad%20name',
    ]) {
      const answer = await web.ask(path);
      expect(answer.status, path).to.equal(400);
      expect(answer.json()['error'], path).to.have.property('code');
    }
    const id = await waiting(fleet.domain('body'));
    for (const body of [{ reason: 7 }, { reason: 'x'.repeat(501) }, { why: 'x' }, []]) {
      expect((await postJson(`/fleet/batches/${id}/cancel`, body)).status).to.equal(400);
    }
    expect(await fleet.fleet.batches.halt(id)).to.equal(undefined);
  });

  it('cancel a batch with a reason that is kept, and try it again', async () => {
    const domains = [fleet.domain('c1'), fleet.domain('c2')];
    const id = await waiting(...domains);
    const cancelled = await postJson(`/fleet/batches/${id}/cancel`, { reason: 'wrong file' });
    expect(cancelled.status).to.equal(200);
    expect(cancelled.json()).to.deep.equal({ batch: id, stopped: 0, passedOver: 2 });
    expect((await web.ask(`/fleet/batches/${id}`)).json()).to.include({
      halt: 'cancelled',
      haltReason: 'wrong file',
    });
    await fleet.startWorker();
    try {
      await ended(id);
      expect((await fleet.fleet.batches.get(id)).counts).to.include({ cancelled: 2 });
      const again = await postJson(`/fleet/batches/${id}/cancel`);
      expect(again.status).to.equal(409);
      expect(again.json()['error']).to.include({ code: 'ended' });

      const retried = await postJson(`/fleet/batches/${id}/retry`, { reason: 'it was the right one' });
      expect(retried.json()).to.deep.equal({ batch: id, queued: 2, refused: 0, refusedRows: [] });
      await ended(id);
      const after = (await web.ask(`/fleet/batches/${id}`)).json();
      expect(after).to.include({ state: 'done', ended: 2 }).and.not.have.any.keys('halt', 'haltReason');
      // Each row has ended twice.
      expect(after)
        .to.have.nested.property('rate.rows')
        .that.satisfies((rows: number[]) => {
          return rows.reduce((sum, each) => sum + each, 0) === 4;
        });
    } finally {
      await fleet.stopWorker();
    }
  }).timeout(60_000);

  it('name the rows that cannot be tried again', async () => {
    const { batches } = fleet.fleet;
    const id = await batches.create({ kind: 'create', name: 'x', reason: '', by: 'me', total: 1 });
    const about = { batchId: id, generation: 0, attempt: 1 } as const;
    await batches.report({ ...about, row: 2, state: 'failed', domain: 'a.example.org', jobId: NO_JOB });
    const { queued, refused, refusedRows } = (await postJson(`/fleet/batches/${id}/retry`)).json();
    expect([queued, refused]).to.deep.equal([0, 1]);
    expect(refusedRows).to.have.nested.property('[0].code', 'not_its_job');
  });

  it('show, cancel and try again a job, named by its id or by its domain', async () => {
    const domain = fleet.domain('job');
    const jobId = await fleet.submit({ domain });
    for (const name of [jobId, domain, domain.toUpperCase()]) {
      expect((await web.ask(`/fleet/jobs/${name}`)).json()).to.include({ jobId, domain, state: 'waiting' });
    }
    expect((await web.ask('/fleet/jobs?state=waiting&limit=500')).text).to.include(jobId);
    expect((await postJson(`/fleet/jobs/${jobId}/retry`)).json()['error']).to.include({ code: 'not_failed' });

    const cancelled = await postJson(`/fleet/jobs/${domain}/cancel`, { reason: 'not wanted' });
    expect(cancelled.json()).to.deep.equal({ jobId, domain, stagesDone: [] });
    await fleet.startWorker();
    try {
      await fleet.ended(jobId);
      const { lastError } = (await web.ask(`/fleet/jobs/${jobId}`)).json();
      expect(lastError).to.match(/^cancelled: cancelled by operator@127[.]0[.]0[.]1 \(not wanted\)/);
      expect((await postJson(`/fleet/jobs/${jobId}/retry`)).json()).to.deep.equal({ jobId });
      await fleet.ended(jobId);
      const done = (await web.ask(`/fleet/jobs/${jobId}`)).json();
      expect(done).to.include({ state: 'done', outcome: 'created', retries: 0 });
    } finally {
      await fleet.stopWorker();
    }
  }).timeout(60_000);

  it('show an instance with its stages, and nothing that lets anybody in', async () => {
    const domain = fleet.domain('shown');
    const alias = fleet.domain('alias');
    await fleet.startWorker();
    try {
      await fleet.create({ domain, 'domain-aliases': alias, email: 'who@example.org', uuid: 'u-1234567' });
    } finally {
      await fleet.stopWorker();
    }
    const document = await fleet.instance(domain);
    for (const name of [domain, alias]) {
      const answer = await web.ask(`/fleet/instances/${name}`);
      const shown = answer.json();
      expect(shown).to.include({ domain });
      expect(shown['instance']).to.deep.include({ state: 'onboarding', locale: 'en', aliases: [alias] });
      expect(shown).to.have.nested.property('jobs[0].stages[0].stage', 'register');
      for (const secret of [
        'register_token',
        'session_secret',
        'oauth_secret',
        'cli_secret',
        'uuid',
      ] as const) {
        expect(document?.[secret], secret).to.be.a('string');
        expect(answer.text, secret).not.to.include(document?.[secret]);
      }
      expect(answer.text).not.to.include('who@example.org');
    }
  }).timeout(60_000);

  it('show the jobs of an instance that is not there', async () => {
    const domain = fleet.domain('only-a-job');
    const jobId = await fleet.submit({ domain });
    const shown = (await web.ask(`/fleet/instances/${domain}`)).json();
    expect(shown).not.to.have.property('instance');
    expect(shown).to.have.nested.property('jobs[0].jobId', jobId);
  });

  it('show an instance whose document cannot be read', async () => {
    const domain = fleet.domain('unreadable');
    await fleet.putInstance({ domain });
    const { _id, _rev } = (await fleet.instance(domain)) ?? {};
    await fleet.server.putDocument('global/instances', {
      _id: String(_id),
      _rev: String(_rev),
      domain,
      locale: 7,
    });
    const { instance } = (await web.ask(`/fleet/instances/${domain}`)).json();
    expect(instance).to.include({ state: 'unreadable' });
  });

  it('tell how much work there is, and since when the oldest waits', async () => {
    const before = Date.now();
    const batch = await waiting(fleet.domain('old'));
    await fleet.submit({ domain: fleet.domain('single') });
    const { jobs, oldestWaiting } = (await web.ask('/fleet/queue')).json();
    // Rows wait at the gate, among BullMQ's delayed jobs.
    const counted = await fleet.fleet.queue.getJobCounts('prioritized', 'waiting', 'delayed');
    const { prioritized = 0, waiting: plain = 0, delayed = 0 } = counted;
    expect(jobs).to.include({ waiting: prioritized + plain + delayed, active: 0 });
    const { jobId = '' } = (await batchRow(fleet.fleet.batches, batch, 2)) ?? {};
    const added = Number(await fleet.fleet.redis.hget(fleet.fleet.keys.bull(jobId), 'timestamp'));
    // Earlier tests have left jobs that wait.
    expect(new Date(String(oldestWaiting)).getTime()).to.be.at.most(added);
    expect(added).to.be.at.least(before);
  });

  it('list the workers that live', async () => {
    expect((await web.ask('/fleet/workers')).json()).to.deep.equal({ workers: [] });
    await fleet.startWorker();
    try {
      await until('it is listed', async () =>
        (await web.ask('/fleet/workers')).text.includes('"concurrency":4'),
      );
    } finally {
      await fleet.stopWorker();
    }
  });

  it('take a body of JSON that is left out', async () => {
    const id = await waiting(fleet.domain('nobody-there'));
    expect((await postJson(`/fleet/batches/${id}/cancel`)).status).to.equal(200);
    const other = await waiting(fleet.domain('nobody-at-all'));
    expect((await web.ask(`/fleet/batches/${other}/cancel`, { method: 'POST' })).status).to.equal(200);
  });
});
