import { expect } from 'chai';
import { startTestFleet, type TestFleet } from '../../../support/fleet.ts';
import { type SignedIn, signedIn } from '../../../support/fleet-browser.ts';
import { startTestWeb, type TestWeb } from '../../../support/web.ts';

const NEW_BATCH = '/fleet/batches/new';

describe('a file that is submitted on the fleet page', () => {
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

  async function send(
    content: string,
    fields: Readonly<Record<string, string>> = {},
    as: SignedIn = operator,
    name = 'school.csv',
  ): Promise<Response> {
    const form = new FormData();
    const token = fields['_csrf'] ?? (await as.token());
    for (const [field, value] of Object.entries({ ...fields, _csrf: token })) form.append(field, value);
    form.append('file', new Blob([content]), name);
    return await fetch(`${web.adminUrl}${NEW_BATCH}`, {
      method: 'POST',
      body: form,
      headers: { cookie: as.cookie, accept: 'text/html', 'sec-fetch-site': 'same-origin' },
      redirect: 'manual',
    });
  }

  /** Sends a file and answers the page that says what is in it. */
  async function checked(
    content: string,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<{ path: string; page: string }> {
    const answer = await send(content, fields);
    expect(answer.status).to.equal(303);
    const path = answer.headers.get('location') ?? '';
    expect(path).to.match(/^\/fleet\/batches\/new\/[\w-]{22}$/);
    return { path, page: await (await operator.get(path)).text() };
  }

  const queued = async (): Promise<number> => (await platform.fleet.batches.list(100)).length;

  it('is looked over first, and queued once its operator has said so', async () => {
    const before = await queued();
    const domain = platform.domain('alice');
    const { path, page } = await checked(`domain\n${domain}\n`, { locale: 'fr' });
    expect(page).to.contain('Create 1 instance?');
    expect(await queued()).to.equal(before);
    const answer = await operator.post(path, { name: 'autumn', reason: 'new pupils', max_failures: '3' });
    expect(answer.status).to.equal(303);
    const id = answer.headers.get('location')?.split('/').at(-1) ?? '';
    const batch = await platform.fleet.batches.get(id);
    expect(batch).to.include({
      name: 'autumn',
      reason: 'new pupils',
      total: 1,
      maxFailures: 3,
      by: 'operator@127.0.0.1',
    });
    await platform.startWorker();
    try {
      const { value: row } = await platform.fleet.batches.rows(id).next();
      await platform.ended(row?.jobId ?? '');
      expect((await platform.instance(domain))?.locale).to.equal('fr');
    } finally {
      await platform.stopWorker();
    }
  });

  it('is queued once only', async () => {
    const { path } = await checked(`domain\n${platform.domain('once')}\n`);
    const before = await queued();
    const answers = await Promise.all([operator.post(path), operator.post(path)]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([303, 404]);
    expect(await queued()).to.equal(before + 1);
  });

  it('is its sender’s alone', async () => {
    const { path } = await checked(`domain\n${platform.domain('mine')}\n`);
    const other = await signedIn(web);
    expect((await other.get(path)).status).to.equal(404);
    expect((await other.post(path)).status).to.equal(404);
    expect((await operator.get(path)).status).to.equal(200);
  });

  it('shows its problems by line, and is queued without bad rows only where that was said', async () => {
    const good = platform.domain('good');
    const { path, page } = await checked(`domain,email\n${good},a@example.org\nnot a domain,x\n`);
    expect(page).to.contain('What is wrong').and.to.contain('Leave out the bad row');
    const before = await queued();
    expect((await operator.post(path)).status).to.equal(422);
    expect(await queued()).to.equal(before);
    expect((await operator.post(path, { skip_invalid: 'yes' })).status).to.equal(303);
    expect(await queued()).to.equal(before + 1);
  });

  it('says why nothing of it can be used', async () => {
    for (const [content, words] of [
      ['name\nx\n', 'There is no column &#34;domain&#34;'],
      ['', 'There is nothing in it'],
      ['domain\nnot a domain\n', '1 of 1 rows are not good'],
      ['domain\n"<script>alert(1)</script>\n', 'A quotation mark is opened here and never closed'],
    ] as const) {
      const { path, page } = await checked(content);
      expect(page).to.contain('Nothing was queued').and.to.contain(words).and.not.to.contain('<script>');
      expect((await operator.post(path)).status, content).to.be.oneOf([400, 422]);
    }
  });

  it('is not read without the token of its form', async () => {
    const before = await queued();
    for (const _csrf of ['', 'wrong']) {
      expect((await send(`domain\n${platform.domain('forged')}\n`, { _csrf })).status).to.equal(403);
    }
    expect(await queued()).to.equal(before);
  });

  it('has to come with the form', async () => {
    const answer = await operator.post(NEW_BATCH, { kind: 'create' });
    expect(answer.status).to.equal(400);
  });

  it('keeps room for some only, and forgets the oldest', async () => {
    const first = await checked(`domain\n${platform.domain('first')}\n`);
    for (let at = 0; at < 5; at += 1) await checked(`domain\n${platform.domain(`later-${at}`)}\n`);
    expect((await operator.get(first.path)).status).to.equal(404);
  });

  it('is not larger than the server takes', async () => {
    const line = `${'a'.repeat(1_000)}\n`;
    const answer = await send(`domain\n${line.repeat(68_000)}`);
    expect(answer.status).to.equal(413);
  });
});
