import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser, seriousViolations } from '../support/browser.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { OPERATOR_AUTHORIZATION, OPERATOR_PASSPHRASE, startTestWeb, type TestWeb } from '../support/web.ts';

/** Where pictures of all pages go, for people who look at them: `FLEET_PICTURES=/tmp/pictures`. */
const { FLEET_PICTURES: PICTURES } = process.env;

/** Milliseconds for what the whole batch takes, on a machine that does other things, too. */
const PATIENT = { timeout: 90_000 };

const BATCH_URL = /\/fleet\/batches\/[0-9A-Z]{5,}$/;

describe('the fleet page in a browser', function () {
  this.timeout(150_000);
  let platform: TestFleet;
  let web: TestWeb;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  before(async function () {
    browser = await launchBrowser(this);
    platform = await startTestFleet({ worker: false, concurrency: 8 });
    web = await startTestWeb(platform);
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(web.adminUrl)) complaints.push(`asked ${request.url()}`);
    });
  });

  after(async () => {
    await browser?.close();
    await web?.close();
    await platform?.close();
  });

  /** Neither the policy nor a script may complain, but for what a test has named. */
  afterEach(() => {
    expect(complaints.splice(0)).to.deep.equal([]);
  });

  /** Takes the complaints away that had to come; all others stay. */
  function expectComplaints(expected: RegExp): void {
    const others = complaints.filter((each) => !expected.test(each));
    expect(others.length, `complaints like ${expected}`).to.be.below(complaints.length);
    complaints.splice(0, complaints.length, ...others);
  }

  /** Looks at the page that is shown as people do, in light and dark, wide and narrow. */
  async function lookAt(name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousViolations(page), `${name}, ${colorScheme}`).to.deep.equal([]);
    }
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow, `${name} at ${width} px`).to.equal(0);
      if (PICTURES === undefined) continue;
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const path = `${PICTURES}/${name}-${width}-${colorScheme}.png`;
        await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width, height: 1_500 } });
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
  }

  /** Waits until a value that follows is this one. */
  async function shows(live: string, text: string): Promise<void> {
    await page
      .locator(`main [data-live="${live}"]`)
      .and(page.getByText(text, { exact: true }))
      .first()
      .waitFor(PATIENT);
  }

  /** Submits a file as programs do, without a plan, and opens the page of its batch. */
  async function submitted(name: string, lines: readonly string[], reason: string): Promise<void> {
    const query = new URLSearchParams({ name, reason });
    const answer = await fetch(`${web.adminUrl}/fleet/batches?${query}`, {
      method: 'POST',
      body: `${lines.join('\n')}\n`,
      headers: { authorization: OPERATOR_AUTHORIZATION, 'content-type': 'text/csv' },
    });
    await page.goto(`${web.adminUrl}${answer.headers.get('location')}`);
  }

  async function upload(name: string, lines: readonly string[]): Promise<void> {
    await page.goto(`${web.adminUrl}/fleet/batches/new`);
    const buffer = Buffer.from(`${lines.join('\n')}\n`);
    await page.getByLabel('File', { exact: true }).setInputFiles({ name, mimeType: 'text/csv', buffer });
    await page.getByRole('button', { name: 'Check the file' }).click();
    await page.waitForURL(/\/fleet\/batches\/new\/.+/);
  }

  it('asks for the passphrase, and leads back to the page that was wanted', async () => {
    await page.goto(`${web.adminUrl}/fleet/workers`);
    await lookAt('sign-in');
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expectComplaints(/status of 403/);
    await page.getByLabel('Admin passphrase').fill(OPERATOR_PASSPHRASE);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Workers', level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).to.equal('/fleet/workers');
    await page.goto(`${web.adminUrl}/fleet`);
    await page.getByText('No batch so far').waitFor();
    await lookAt('empty');
  });

  it('shows what is wrong in a file by its lines, and queues nothing', async () => {
    await upload('bad.csv', [
      'domain,email',
      `${platform.domain('good')},a@example.org`,
      'not a domain,a@example.org',
      `${platform.domain('other')},<img src=x onerror=alert(1)>`,
    ]);
    await page.getByRole('heading', { name: 'What is wrong' }).waitFor();
    const lines = await page
      .getByRole('table', { name: 'What is wrong' })
      .locator('tbody tr')
      .allTextContents();
    expect(lines.map((line) => line.slice(0, 1))).to.deep.equal(['3', '4']);
    await lookAt('bad-file');
    await page.goto(`${web.adminUrl}/fleet`);
    await page.getByText('No batch so far').waitFor();
  });

  it('says why a file cannot be read at all', async () => {
    await upload('worse.csv', ['name,email', 'a,b']);
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).to.contain('domain');
    expect(await page.getByRole('button', { name: /Create/ }).count()).to.equal(0);
  });

  it('follows a batch of 200 rows without a reload: 30 are made, the others fail for two causes and are tried again', async () => {
    const taken = Array.from({ length: 100 }, (_, at) => platform.domain(`taken-${at}`));
    const former = Array.from({ length: 70 }, (_, at) => platform.domain(`former-${at}`));
    const wanted = Array.from({ length: 30 }, (_, at) => platform.domain(`pupil-${at}`));
    await Promise.all([
      ...taken.map((domain) => platform.putInstance({ domain })),
      ...former.map((domain) => platform.putInstance({ domain: `now-${domain}`, old_domain: domain })),
    ]);
    const rows = [...taken, ...wanted, ...former];
    const lines = ['domain,email', ...rows.map((domain, at) => `${domain},p${at}@example.org`)];
    await upload('school.csv', lines);
    await page.getByRole('button', { name: 'Create 30 instances' }).waitFor();
    await lookAt('good-file');
    await submitted('school.csv', lines, 'new <b>school</b> year');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('new <b>school</b> year').waitFor();
    await page.evaluate('globalThis.sameDocument = true');

    await platform.startWorker();
    await page
      .locator('[data-live="counts.done"]')
      .filter({ hasText: /^[1-9]/ })
      .waitFor(PATIENT);
    await lookAt('batch-running');
    await shows('state', 'partly failed');
    await shows('sentence', '200 of 200 instances ended');
    await shows('counts.done', '30');
    await shows('counts.failed', '170');
    const causes = page.getByRole('table', { name: 'Failures by cause' }).locator('tbody');
    await causes.filter({ hasText: /^taken\D*100\D.*old_domain\D*70\D/s }).waitFor();
    expect(await page.locator('[data-chart="failures"] canvas').isVisible()).to.equal(true);
    expect(await page.evaluate('globalThis.sameDocument')).to.equal(true);
    await lookAt('batch-ended');

    await Promise.all(taken.slice(0, 10).map((domain) => platform.remove(domain)));
    await page.getByRole('button', { name: 'Try these again: old_domain' }).click();
    await shows('sentence', '200 of 200 instances ended');
    await shows('counts.done', '30');
    await page.getByRole('button', { name: 'Try again what is not done (170)' }).click();
    await shows('counts.done', '40');
    await shows('sentence', '200 of 200 instances ended');
    await page.getByRole('link', { name: /^failed/ }).click();
    await page.getByRole('link', { name: 'Next' }).click();
    expect(new URL(page.url()).search).to.match(/^\?state=failed&after=\d+$/);
    expect(await page.locator('[data-part="rows"] tbody .badge').allInnerTexts()).to.include('failed');
  });

  it('shows the fleet, one instance, its job, the workers and the queue', async () => {
    await page.goto(`${web.adminUrl}/fleet`);
    await page.getByRole('link', { name: 'school.csv' }).waitFor();
    await lookAt('overview');
    await page.getByLabel('Domain, or id of a job').fill(platform.domain('pupil-0'));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: platform.domain('pupil-0') }).waitFor();
    await lookAt('instance');
    await page.goto(`${web.adminUrl}/fleet/jobs/${platform.domain('former-0')}`);
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await lookAt('job');
    await page.goto(`${web.adminUrl}/fleet/workers`);
    await page.getByRole('table', { name: 'Workers' }).locator('tbody tr').waitFor();
    await lookAt('workers');
    await page.goto(`${web.adminUrl}/fleet/queue`);
    await page.getByRole('button', { name: 'Pause all work' }).waitFor();
    await lookAt('queue');
    await page.goto(`${web.adminUrl}/fleet/doctor`);
    await page.getByRole('button', { name: 'Look at everything' }).click();
    await page.getByRole('heading', { name: 'Definitions of indexes' }).waitFor();
    await lookAt('doctor');
    await page.goto(`${web.adminUrl}/fleet/board`);
    await page.getByText('instances').first().waitFor();
    await page.goto(`${web.adminUrl}/fleet/batches/NOONE`);
    await page.getByText('There is no batch NOONE').waitFor();
    expectComplaints(/status of 404/);
    await lookAt('not-found');
  });

  it('stops a batch once its operator has said why, but not for a page of another origin', async () => {
    await platform.stopWorker();
    await upload('late.csv', [
      'domain',
      ...Array.from({ length: 5 }, (_, at) => platform.domain(`late-${at}`)),
    ]);
    await page.getByRole('button', { name: 'Create 5 instances' }).click();
    await page.waitForURL(BATCH_URL);
    const batch = page.url();

    for (const host of ['127.0.0.1', 'localhost']) {
      const site = await otherSite(`${batch}/cancel`);
      try {
        const answer = page.waitForResponse((response) => response.request().method() === 'POST');
        await page.goto(`http://${host}:${site.port}/`);
        expect((await answer).status(), host).to.equal(403);
        expectComplaints(/status of 403/);
        expectComplaints(new RegExp(`^asked http://${host.replaceAll('.', '[.]')}:${site.port}/`));
      } finally {
        await site.close();
      }
    }

    await page.goto(batch);
    await shows('state', 'running');
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel this batch' }).click();
    await lookAt('cancel');
    await page.getByLabel('Why?').fill('the wrong file');
    await page.getByRole('button', { name: 'Cancel this batch' }).click();
    await page.waitForURL(BATCH_URL);
    await page.getByText('the wrong file').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await platform.startWorker();
    await shows('counts.cancelled', '5');
  });

  it('says when the server is away, and goes on when it is back', async () => {
    await page.goto(`${web.adminUrl}/fleet`);
    await page.getByText('Live', { exact: true }).waitFor();
    await web.close();
    await page.getByText('Connection lost').first().waitFor();
    web = await startTestWeb(platform, { adminPort: web.adminPort });
    await page.getByText('Live', { exact: true }).waitFor();
    expectComplaints(/net::ERR_/);
  });

  it('shows everything without JavaScript, too', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    try {
      await plain.addCookies(await context.cookies());
      const still = await plain.newPage();
      await still.goto(`${web.adminUrl}/fleet`);
      await still.getByRole('link', { name: 'school.csv' }).click();
      expect(await still.getByText('200 of 200 instances ended').isVisible()).to.equal(true);
      await still.getByText('The rate as a table').click();
      expect(await still.getByRole('table', { name: /^Instances that ended/ }).isVisible()).to.equal(true);
    } finally {
      await plain.close();
    }
  });

  it('lets the operator out', async () => {
    await page.goto(`${web.adminUrl}/fleet`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin passphrase').waitFor();
    await page.goto(`${web.adminUrl}/fleet`);
    await page.getByLabel('Admin passphrase').waitFor();
  });
});

/** A page of somebody else, which sends a form as soon as it is opened. */
async function otherSite(action: string): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(
      `<form method="post" action="${action}"><input name="reason" value="theirs"></form><script>document.forms[0].submit()</script>`,
    );
  });
  server.listen(0);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
  return {
    port: address.port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
