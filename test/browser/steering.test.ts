import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, seriousViolations } from '../support/browser.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { OPERATOR_PASSPHRASE, startTestWeb, type TestWeb } from '../support/web.ts';

/** Where pictures of all pages go, for people who look at them: `FLEET_PICTURES=/tmp/pictures`. */
const { FLEET_PICTURES: PICTURES } = process.env;

/** Milliseconds for what a whole batch takes, on a machine that does other things, too. */
const PATIENT = { timeout: 60_000 };

const BATCH_URL = /\/fleet\/batches\/[0-9A-Z]{5,}$/;

describe('steering a batch in a browser', function () {
  this.timeout(120_000);
  let platform: TestFleet;
  let web: TestWeb;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  before(async function () {
    browser = await launchBrowser(this);
    platform = await startTestFleet({ concurrency: 4 });
    web = await startTestWeb(platform);
    page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${web.adminUrl}/fleet`);
    await page.getByLabel('Admin passphrase').fill(OPERATOR_PASSPHRASE);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  });

  after(async () => {
    await browser?.close();
    await web?.close();
    await platform?.close();
  });

  afterEach(() => {
    expect(complaints.splice(0)).to.deep.equal([]);
  });

  /** Looks at the page as people do: light and dark, wide and narrow, nothing beyond the edge. */
  async function lookAt(name: string): Promise<void> {
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await seriousViolations(page), `${name} at ${width} px, ${colorScheme}`).to.deep.equal([]);
        if (PICTURES === undefined) continue;
        await page.screenshot({ path: `${PICTURES}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      }
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow, `${name} at ${width} px`).to.equal(0);
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

  async function upload(name: string, lines: readonly string[]): Promise<void> {
    await page.goto(`${web.adminUrl}/fleet/batches/new`);
    const buffer = Buffer.from(`${lines.join('\n')}\n`);
    await page.getByLabel('File', { exact: true }).setInputFiles({ name, mimeType: 'text/csv', buffer });
    await page.getByRole('button', { name: 'Check the file' }).click();
    await page.waitForURL(/\/fleet\/batches\/new\/.+/);
  }

  it('shows the plan of a file, runs a canary of 5 of it, and the others once somebody has looked', async () => {
    const there = platform.domain('there');
    await platform.putInstance({ domain: there, domain_aliases: [platform.domain('taken')] });
    const pupils = Array.from({ length: 12 }, (_, at) => platform.domain(`pupil-${at}`));
    await upload('canary.csv', ['domain', ...pupils, platform.domain('taken')]);
    await page.getByRole('heading', { name: 'Plan' }).waitFor();
    await lookAt('plan');
    await page.getByRole('link', { name: 'taken 1' }).click();
    const plan = page.getByRole('table', { name: 'Rows of the plan' }).locator('tbody tr');
    await plan.filter({ hasText: there }).waitFor();
    expect(await plan.count()).to.equal(1);

    await page.getByLabel('Canary').fill('5');
    await page.getByRole('button', { name: 'Create 12 instances' }).click();
    await page.waitForURL(BATCH_URL);
    await shows('counts.done', '5');
    await page.getByText('Its canary of 5 rows has ended, and the others wait.').waitFor(PATIENT);
    await shows('state', 'held');
    expect(await page.locator('[data-live="counts.waiting"]').first().textContent()).to.equal('7');
    await lookAt('canary-ended');
    await page.reload();
    await page.getByRole('button', { name: 'Let the others go on' }).click();
    await shows('counts.done', '12');
    await shows('state', 'done');
  });

  it('holds a batch, which is held still after a reload, and goes on', async () => {
    const late = Array.from({ length: 8 }, (_, at) => platform.domain(`late-${at}`));
    await upload('late.csv', ['domain', ...late]);
    await page.getByLabel('Most that begin').fill('1/h');
    await page.getByRole('button', { name: 'Create 8 instances' }).click();
    await page.waitForURL(BATCH_URL);
    await page.getByText('at most 1/h').waitFor();
    await page.getByText('Pause it, or set limits').click();
    await page.getByLabel('Why?').fill('a <b>backup</b> runs');
    await lookAt('limits');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText(/^Paused by operator@127\.0\.0\.1 on .* a <b>backup<\/b> runs\.$/).waitFor();
    await page.reload();
    await page.getByText('Paused by operator@').waitFor();
    await lookAt('paused');
    await page.getByText('Pause it, or set limits').click();
    await page.getByLabel('Most that begin').fill('');
    await page.getByRole('button', { name: 'Set these limits' }).click();
    await page.getByText('Paused by operator@').waitFor();
    expect(await page.getByText('at most 1/h').count()).to.equal(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await shows('counts.done', '8');
    await shows('state', 'done');
  });

  it('does the same without JavaScript', async () => {
    const id = await platform.fleet.batches.create({
      ...{ kind: 'create', name: 'plain', reason: '', by: 'x', total: 1 },
      steering: { concurrency: 2 },
    });
    const plain = await browser.newContext({ javaScriptEnabled: false });
    try {
      await plain.addCookies(await page.context().cookies());
      const still = await plain.newPage();
      await still.goto(`${web.adminUrl}/fleet/batches/${id}`);
      await still.getByText('Pause it, or set limits').click();
      await still.getByRole('button', { name: 'Pause', exact: true }).click();
      await still.getByText('Paused by operator@').waitFor();
      await still.getByRole('button', { name: 'Resume' }).click();
      await still.getByText('Nothing limits it.').or(still.getByText('at most 2')).waitFor();
      expect(await still.getByText('Paused by operator@').count()).to.equal(0);
    } finally {
      await plain.close();
    }
  });
});
