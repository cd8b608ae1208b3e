import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser, seriousViolations } from '../support/browser.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { OPERATOR_PASSPHRASE, startTestWeb, type TestWeb } from '../support/web.ts';

/** Where pictures of all pages go, for people who look at them: `FLEET_PICTURES=/tmp/pictures`. */
const { FLEET_PICTURES: PICTURES } = process.env;

/** Milliseconds for what the whole batch takes, on a machine that does other things, too. */
const PATIENT = { timeout: 90_000 };

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

  /** Neither the policy nor a script may complain. */
  afterEach(() => {
    expect(complaints.splice(0)).to.deep.equal([]);
  });

  /** Looks at the page that is shown as people do, in light and dark, wide and narrow. */
  async function lookAt(name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousViolations(page), `${name}, ${colorScheme}`).to.deep.equal([]);
    }
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, `${name} at ${width} px`).to.equal(0);
      if (PICTURES === undefined) continue;
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${PICTURES}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
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
    expect(complaints.splice(0).join()).to.contain('403');
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
    const lines = await page.getByRole('table', { name: 'What is wrong' }).locator('tbody tr').allTextContents();
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

  it('follows a batch of 200 to its end, shows why some failed, and tries these again', async () => {
    const taken = ['taken-1', 'taken-2', 'taken-3'].map((name) => platform.domain(name));
    for (const domain of taken) await platform.putInstance({ domain });
    const moved = platform.domain('moved');
    const heir = await platform.putInstance({ domain: platform.domain('heir'), old_domain: moved });
    const good = Array.from({ length: 196 }, (_, at) => platform.domain(`pupil-${at}`));
    const rows = [...good.slice(0, 100), ...taken, moved, ...good.slice(100)];
    await upload('school.csv', ['domain,email', ...rows.map((domain, at) => `${domain},p${at}@example.org`)]);
    await lookAt('good-file');
    await page.getByLabel('Why?').fill('new school year');
    await page.getByRole('button', { name: 'Create 200 instances' }).click();
    await page.waitForURL(/\/fleet\/batches\/[0-9A-Z]{5}$/);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.evaluate(() => Reflect.set(globalThis, 'sameDocument', true));
    await platform.startWorker();
    await page.locator('[data-live="counts.done"]').filter({ hasText: /^[1-9]/ }).waitFor(PATIENT);
    await lookAt('batch-running');
    await page.locator('h1 + .badge[data-state="partly failed"]').waitFor(PATIENT);
    await page.getByText('200 of 200 instances ended').first().waitFor();
    const causes = page.getByRole('table', { name: 'Failures by cause' });
    await causes.getByText('old_domain').waitFor();
    expect(await causes.locator('tbody tr').allTextContents()).to.deep.equal([]);
    expect(await page.evaluate(() => Reflect.get(globalThis, 'sameDocument'))).to.equal(true);
    await lookAt('batch-ended');
    expect(heir.domain).to.be.a('string');
  });
});
