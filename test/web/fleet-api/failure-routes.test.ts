import { expect } from 'chai';
import { z } from 'zod';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type SignedIn, signedIn } from '../../support/fleet-browser.ts';
import { until } from '../../support/until.ts';
import { OPERATOR_AUTHORIZATION, startTestWeb, type TestWeb } from '../../support/web.ts';

const batchAnswer = z.object({ batch: z.string() });
const errorsAnswer = z.object({
  errors: z.array(z.looseObject({ code: z.string(), rows: z.number(), example: z.looseObject({}) })),
});
const jobAnswer = z.looseObject({ retries: z.number() });

describe('what went wrong in a batch', () => {
  let platform: TestFleet;
  let web: TestWeb;
  let operator: SignedIn;
  let id = '';
  const names = ['taken-0', 'fresh', 'former', 'taken-1'];

  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: OPERATOR_AUTHORIZATION, accept: 'application/json', ...init.headers };
    return await fetch(`${web.adminUrl}/fleet/batches${path}`, { ...init, headers });
  }

  const ended = () =>
    until('the batch has ended', async () => (await platform.fleet.batches.get(id)).endedAt !== undefined);

  before(async () => {
    platform = await startTestFleet();
    web = await startTestWeb(platform);
    operator = await signedIn(web);
    const domains = names.map((name) => platform.domain(name));
    await platform.putInstance({ domain: platform.domain('now'), old_domain: platform.domain('former') });
    const taken = [platform.domain('taken-0'), platform.domain('taken-1')];
    await platform.putInstance({ domain: platform.domain('owner'), domain_aliases: taken });
    const rows = domains.map((domain, at) => `${domain},p${at}@example.org,"A; ""x"""\n`).join('');
    const headers = { 'content-type': 'text/csv' };
    const answer = await ask('', { method: 'POST', body: `domain,Email,Public_Name\n${rows}`, headers });
    id = batchAnswer.parse(await answer.json()).batch;
    await ended();
  });

  after(async () => {
    await web?.close();
    await platform?.close();
  });

  it('is told by stage and cause, with the first row as an example', async () => {
    const { errors } = errorsAnswer.parse(await (await ask(`/${id}/errors`)).json());
    expect(errors.map(({ code, rows }) => [code, rows])).to.deep.equal([
      ['taken', 2],
      ['old_domain', 1],
    ]);
    expect(errors[0]).to.include({ stage: 'register' });
    expect(errors[0]?.example).to.include({ row: 2, domain: platform.domain('taken-0') });
    expect((await ask('/NOONE/errors')).status).to.equal(404);
  });

  it('is shown on its page with what has just these rows tried again', async () => {
    const page = await (await operator.get(`/fleet/batches/${id}`)).text();
    expect(page).to.contain('Try these again: old_domain at ').and.to.contain(platform.domain('former'));
    expect(page).to.contain(`/fleet/batches/${id}/failed.csv`);
  });

  it('comes as a file that has the rows as they were, and can be submitted again', async () => {
    const answer = await ask(`/${id}/failed.csv`);
    expect(answer.headers.get('content-type')).to.equal('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).to.equal(`attachment; filename="${id}-failed.csv"`);
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    const file = await answer.text();
    const [head, ...lines] = file.trim().split('\n');
    expect(head).to.equal('domain,Email,Public_Name,error_code,error,advice');
    expect(lines.map((line) => line.split(',')[0])).to.deep.equal(
      ['taken-0', 'former', 'taken-1'].map((name) => platform.domain(name)),
    );
    const headers = { 'content-type': 'text/csv' };
    const again = await ask('?dry_run=true', { method: 'POST', body: file, headers });
    expect(await again.json()).to.have.nested.property('counts.valid', 3);
    expect(await (await operator.get(`/fleet/batches/${id}/failed.csv`)).text()).to.equal(file);
    expect((await ask('/NOONE/failed.csv')).status).to.equal(404);
  });

  it('is tried again by its cause alone, by a program and on the page', async () => {
    const body = JSON.stringify({ error: 'taken', stage: 'register' });
    const headers = { 'content-type': 'application/json' };
    const retried = await (await ask(`/${id}/retry`, { method: 'POST', body, headers })).json();
    expect(retried).to.include({ queued: 2, refused: 0 });
    await ended();
    const answer = await operator.post(`/fleet/batches/${id}/retry`, {
      stage: 'register',
      error: 'old_domain',
    });
    expect(answer.status).to.equal(303);
    await ended();
    const tries: Record<string, number> = {};
    for await (const { domain, jobId = '' } of platform.fleet.batches.rows(id, 'failed')) {
      const headers = { authorization: OPERATOR_AUTHORIZATION, accept: 'application/json' };
      const job = await (await fetch(`${web.adminUrl}/fleet/jobs/${jobId}`, { headers })).json();
      tries[domain] = jobAnswer.parse(job).retries;
    }
    expect(tries).to.deep.equal({
      [platform.domain('taken-0')]: 1,
      [platform.domain('former')]: 1,
      [platform.domain('taken-1')]: 1,
    });
    const none = await operator.post(`/fleet/batches/${id}/retry`, { stage: '', error: 'taken' });
    expect(none.status).to.equal(303);
    expect((await platform.fleet.batches.get(id)).endedAt).to.be.a('number');
  });
});
