import { expect } from 'chai';
import { startTestFleet, type TestFleet } from '../../../support/fleet.ts';
import { type SignedIn, signedIn } from '../../../support/fleet-browser.ts';
import { until } from '../../../support/until.ts';
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

  it('shows what each row would do, page by page and by verdict, and what is held back', async () => {
    const domains = Array.from({ length: 60 }, (_, at) => platform.domain(`planned-${at}`));
    const owner = platform.domain('owner');
    await platform.putInstance({ domain: owner, domain_aliases: [domains[59] ?? ''] });
    const { path, page } = await checked(['domain', ...domains, ''].join('\n'));
    const rowsOf = (text: string): number[] =>
      [...text.matchAll(/data-label="Line">(?<line>\d+)</g)].map(({ groups }) => Number(groups?.['line']));
    expect(page).to.contain('Create 59 instances?');
    expect(rowsOf(page)).to.have.lengthOf(50);
    expect(page).to.contain('?from&#61;50#plan');
    expect(rowsOf(await (await operator.get(`${path}?from=50`)).text())).to.deep.equal(
      Array.from({ length: 10 }, (_, at) => 52 + at),
    );
    const taken = await (await operator.get(`${path}?verdict=taken`)).text();
    expect(rowsOf(taken)).to.deep.equal([61]);
    expect(taken).to.contain(domains[59]).and.to.contain(owner);
    const answer = await operator.post(path, {
      canary: '5',
      rate: '90/m',
      concurrency: '4',
      between: '22:00-06:00',
      time_zone: 'Europe/Paris',
      max_failures: '10%',
      notify: 'https://notify.example.org/fleet',
    });
    const id = answer.headers.get('location')?.split('/').at(-1) ?? '';
    await until('all rows are queued', async () => {
      const { counts } = await platform.fleet.batches.get(id);
      return counts.waiting === 59;
    });
    const { steering, ...batch } = await platform.fleet.batches.get(id);
    expect(batch).to.include({ total: 59, maxFailures: 5, maxFailuresPercent: 10 });
    expect(steering).to.include({ canary: 5, rate: 1.5, concurrency: 4 });
    expect(steering.window).to.deep.equal({ from: '22:00', until: '06:00', zone: 'Europe/Paris' });
    const { value: row } = await platform.fleet.batches.rows(id).next();
    expect(row).to.include({ domain: domains[0], row: 2 });
  });

  it('is run just as it was planned: what has changed since is not touched', async () => {
    const domain = platform.domain('changed');
    await platform.putInstance({ domain, locale: 'fr' });
    const other = platform.domain('changed-too');
    await platform.putInstance({ domain: other, locale: 'fr' });
    const { path, page } = await checked(`domain,locale\n${domain},de\n${other},de\n`, { kind: 'modify' });
    expect(page).to.contain('Change 2 instances?').and.to.contain('locale: fr \u2192 de');
    await platform.remove(domain);
    await platform.putInstance({ domain, locale: 'es' });
    const answer = await operator.post(path);
    const id = answer.headers.get('location')?.split('/').at(-1) ?? '';
    await until('the changed row has failed', async () => {
      return (await platform.fleet.batches.get(id)).counts.failed === 1;
    });
    expect((await platform.fleet.batches.get(id)).counts.waiting).to.equal(1);
  });

  it('is kept where a field of its form is wrong', async () => {
    const { path } = await checked(`domain\n${platform.domain('kept')}\n`);
    for (const [fields, words] of [
      [{ canary: 'many' }, 'Canary: '],
      [{ max_failures: '-1' }, 'Stop when more than so many have failed: '],
      [{ notify: 'http://other.example.org' }, 'https://'],
    ] as const) {
      const answer = await operator.post(path, fields);
      expect(answer.status, words).to.equal(400);
      expect(await answer.text()).to.contain(words);
    }
    expect((await operator.get(path)).status).to.equal(200);
  });

  it('has nothing to be queued where nothing would change', async () => {
    const domain = platform.domain('same');
    await platform.putInstance({ domain, locale: 'fr' });
    const { path, page } = await checked(`domain,locale\n${domain},fr\n`, { kind: 'modify' });
    expect(page).to.contain('Nothing is to be done').and.not.to.contain('Change 1 instance');
    expect((await operator.post(path)).status).to.equal(400);
  });

  it('wants the number typed where much of the fleet would be blocked', async () => {
    const domains = Array.from({ length: 30 }, (_, at) => platform.domain(`blocked-${at}`));
    await Promise.all(domains.map((domain) => platform.putInstance({ domain })));
    const rows = domains.map((domain) => `${domain},true\n`).join('');
    const { path, page } = await checked(`domain,blocked\n${rows}`, { kind: 'modify' });
    expect(page).to.contain('Type how many instances are destroyed or blocked');
    expect((await operator.post(path)).status).to.equal(400);
    expect((await operator.post(path, { however_many: '29' })).status).to.equal(400);
    expect((await operator.post(path, { however_many: '30' })).status).to.equal(303);
  });

  it('keeps the passphrases of its rows', async () => {
    const domain = platform.domain('with-passphrase');
    const { path, page } = await checked(`domain,passphrase\n${domain},correct horse battery\n`);
    expect(page).not.to.contain('correct horse');
    const answer = await operator.post(path);
    const id = answer.headers.get('location')?.split('/').at(-1) ?? '';
    await platform.startWorker();
    try {
      await until('it has ended', async () => (await platform.fleet.batches.get(id)).endedAt !== undefined);
      expect((await platform.instance(domain))?.passphrase_hash).to.be.a('string');
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
