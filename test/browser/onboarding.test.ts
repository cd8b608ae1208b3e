import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import type { InstanceDocument } from '../../src/instances/documents/instance-document.ts';
import type { HostAnswer } from '../../src/web/host-answer.ts';
import { launchBrowser, seriousViolations } from '../support/browser.ts';
import { faultsOfStored } from '../support/browser-vault.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { type PagesServer, startPagesServer, TOKEN } from '../support/pages-server.ts';

const PASSPHRASE = 'Zwölf Boxkämpfer & ein Deich';

/** Below the temporary directory, where pictures are left for people to look at; none unless it is told. */
const PICTURES = process.env['BROWSER_PICTURES'];

describe('the onboarding in a browser', function () {
  this.timeout(120_000);

  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let test: TestFleet;
  let web: PagesServer;
  let count = 0;
  let foreign: string[];
  let complaints: string[];

  before(async function () {
    browser = await launchBrowser(this, 'MAP *.example.org 127.0.0.1');
    test = await startTestFleet({ worker: false });
    web = await startPagesServer(test);
  });

  after(async () => {
    await browser?.close();
    await web?.close();
    await test?.close();
  });

  beforeEach(() => open());

  async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    context = await browser.newContext(options);
    context.setDefaultTimeout(10_000);
    page = await context.newPage();
    foreign = [];
    complaints = [];
    page.on('request', (request) => {
      const { hostname } = new URL(request.url());
      if (hostname !== '' && !/\.(localhost|example\.org)$/.test(hostname)) foreign.push(request.url());
    });
    page.on('console', (message) => {
      if (/Content Security Policy|Refused/.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
  }

  afterEach(async () => {
    await context.close();
    expect(foreign, 'requests to others').to.deep.equal([]);
    expect(complaints, 'what the browser complained of').to.deep.equal([]);
  });

  const addressOf = (domain: string, path = '/') => `http://${domain}:${web.port}${path}`;
  const linkOf = (domain: string, token = TOKEN) => addressOf(domain, `/?registerToken=${token}`);

  /** A page that came from the machine itself may use all of the browser; one from elsewhere over HTTP may not. */
  const KINDS = {
    secure: () => `c${count}.localhost`,
    plain: () => test.domain(`c${count}`),
  } as const;

  async function onboarding(
    kind: keyof typeof KINDS,
    fields: Partial<InstanceDocument> = {},
  ): Promise<string> {
    count += 1;
    const domain = KINDS[kind]();
    await web.putOnboarding({ domain, ...fields });
    return domain;
  }

  async function faults(domain: string, passphrase = PASSPHRASE): Promise<string[]> {
    const instance = await test.instance(domain);
    return faultsOfStored(passphrase, `me@${domain}`, instance ?? {}, await vaultOf(domain));
  }

  async function vaultOf(domain: string): Promise<Readonly<Record<string, unknown>>> {
    const database = databaseName(prefixOf(domain), 'io.cozy.settings');
    return (await test.server.getDocument(database, 'io.cozy.settings.bitwarden')) ?? {};
  }

  const posted = () => web.asked.filter(({ method }) => method === 'POST');
  const heading = () => page.getByRole('heading', { level: 1 }).textContent();

  async function fillIn(passphrase: string, hint = ''): Promise<void> {
    await page.getByLabel('Password', { exact: true }).fill(passphrase);
    await page.getByLabel('Hint (optional)').fill(hint);
    await page.getByRole('button', { name: 'Save the password' }).click();
  }

  for (const kind of ['secure', 'plain'] as const) {
    it(`leads from the link to an instance that its passphrase opens (${kind} page)`, async () => {
      const domain = await onboarding(kind);
      const before = posted().length;
      await page.goto(linkOf(domain));
      expect(await page.evaluate('isSecureContext')).to.equal(kind === 'secure');
      await fillIn(PASSPHRASE, 'pangram');
      await page.waitForURL(addressOf(domain));
      expect(await heading()).to.equal('This Cozy is ready');
      expect(await test.instance(domain)).to.include({ onboarding_finished: true, password_defined: true });
      expect(await faults(domain)).to.deep.equal([]);
      const vault = await vaultOf(domain);
      expect(vault).to.include({ passphrase_hint: 'pangram', passphrase_kdf_iterations: 650_000 });
      expect(vault).to.include.keys('encrypted_organization_key', 'organization_id', 'collection_id');
      const [sent, ...more] = posted().slice(before);
      expect(more).to.deep.equal([]);
      const isSent = JSON.stringify(sent).includes(JSON.stringify(PASSPHRASE).slice(1, -1));
      expect(isSent, 'the passphrase itself was sent').to.equal(kind === 'plain');
    });
  }

  it('says that others could read along where nothing is encrypted, and only there', async () => {
    await page.goto(linkOf(await onboarding('plain')));
    expect(await page.getByText('is not encrypted').isVisible()).to.equal(true);
    await page.goto(linkOf(await onboarding('secure')));
    expect(await page.getByText('is not encrypted').isVisible()).to.equal(false);
  });

  it('works without scripts', async () => {
    await context.close();
    await open({ javaScriptEnabled: false });
    const domain = await onboarding('secure');
    await page.goto(linkOf(domain));
    expect(await page.getByRole('button').count()).to.equal(1);
    await fillIn('short');
    await page.getByText('The password needs at least 8 characters.').waitFor();
    await fillIn(PASSPHRASE);
    await page.waitForURL(addressOf(domain));
    expect(await faults(domain)).to.deep.equal([]);
  });

  it('sends no passphrase of a browser with scripts before its script is there', async () => {
    const domain = await onboarding('secure');
    await page.route('**/choose-passphrase.js', (route) => route.abort());
    const before = posted().length;
    await page.goto(linkOf(domain));
    await page.getByLabel('Password', { exact: true }).fill(PASSPHRASE);
    await page.keyboard.press('Enter');
    expect(await page.getByRole('button', { name: 'Save the password' }).count()).to.equal(0);
    expect(page.url()).to.equal(linkOf(domain));
    expect(posted()).to.have.length(before);
  });

  /** Lets pass the seconds after which the page shows what it shows late. */
  const later = () => page.evaluate('document.getAnimations().forEach((animation) => animation.finish())');
  const reload = () => page.getByRole('link', { name: 'Load it again' });

  it('says so when its script does not come, and can be loaded again', async () => {
    const domain = await onboarding('secure');
    await page.route('**/choose-passphrase.js', (route) => route.abort(), { times: 1 });
    await page.goto(linkOf(domain));
    expect(await reload().isVisible()).to.equal(false);
    await later();
    await page.getByText('has not loaded completely').waitFor();
    expect(await seriousViolations(page)).to.deep.equal([]);
    await reload().click();
    await page.getByRole('button', { name: 'Save the password' }).waitFor();
    expect(page.url()).to.equal(linkOf(domain));
    await later();
    expect(await reload().count()).to.equal(0);
  });

  it('does not say so to a browser without scripts', async () => {
    await context.close();
    await open({ javaScriptEnabled: false });
    await page.goto(linkOf(await onboarding('secure')));
    await page.getByRole('button', { name: 'Save the password' }).waitFor();
    const display = await page.evaluate(`getComputedStyle(document.querySelector('.unfinished')).display`);
    expect(display).to.equal('none');
  });

  it('posts once, however often its button is pressed', async () => {
    const domain = await onboarding('secure');
    const before = posted().length;
    await page.goto(linkOf(domain));
    await page.getByLabel('Password', { exact: true }).fill(PASSPHRASE);
    await page.evaluate(`for (let time = 0; time < 3; time += 1) document.forms[0].requestSubmit()`);
    expect(await page.getByRole('status').textContent()).to.contain('your keys are being made');
    await page.waitForURL(addressOf(domain));
    expect(posted()).to.have.length(before + 1);
  });

  for (const [what, passphrase, hint, says] of [
    ['an empty password', '', '', 'Please enter a password.'],
    ['a short password', 'abc', '', 'The password needs at least 8 characters.'],
    ['a hint that is the password', PASSPHRASE, PASSPHRASE, 'The hint must not be the password itself.'],
  ] as const) {
    it(`refuses ${what}, says so, and puts the cursor there`, async () => {
      const before = posted().length;
      await page.goto(linkOf(await onboarding('secure')));
      await fillIn(passphrase, hint);
      expect(await page.getByRole('alert').textContent()).to.equal(says);
      const focused = page.locator(':focus');
      expect(await focused.getAttribute('aria-invalid')).to.equal('true');
      expect(await focused.getAttribute('id')).to.equal(hint === '' ? 'typed' : 'hint');
      expect(await focused.getAttribute('aria-describedby')).to.match(/^problem /);
      const below = page.locator('.field').filter({ has: focused }).getByRole('alert');
      expect(await below.textContent(), 'what stands with the field').to.equal(says);
      expect(posted()).to.have.length(before);
      expect(await seriousViolations(page)).to.deep.equal([]);
    });
  }

  it('says how good a password is', async () => {
    await page.goto(linkOf(await onboarding('secure')));
    const field = page.getByLabel('Password', { exact: true });
    const found: (string | null)[] = [];
    for (const passphrase of [
      'a',
      'aaaaaaaaaaaa',
      '12345678',
      'summer holiday',
      'correct horse battery staple',
    ]) {
      await field.fill(passphrase);
      found.push(await page.locator('#level').textContent());
    }
    expect(found).to.deep.equal(['Too short so far', 'Weak', 'Weak', 'Fair', 'Good']);
  });

  it('shows the password when asked to', async () => {
    await page.goto(linkOf(await onboarding('secure')));
    const field = page.getByLabel('Password', { exact: true });
    const show = page.getByRole('button', { name: 'Show' });
    expect(await field.getAttribute('type')).to.equal('password');
    await show.click();
    expect([await field.getAttribute('type'), await show.getAttribute('aria-pressed')]).to.deep.equal([
      'text',
      'true',
    ]);
    await show.click();
    expect([await field.getAttribute('type'), await show.getAttribute('aria-pressed')]).to.deep.equal([
      'password',
      'false',
    ]);
  });

  it('can be done by keyboard alone', async () => {
    const domain = await onboarding('secure');
    await page.goto(linkOf(domain));
    await page.keyboard.press('Tab');
    await page.keyboard.type('by keyboard alone');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    expect(await page.getByLabel('Password', { exact: true }).getAttribute('type')).to.equal('text');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(addressOf(domain));
    expect(await faults(domain, 'by keyboard alone')).to.deep.equal([]);
  });

  it('refuses a wrong link and one that was used, and waits for mail without one', async () => {
    const domain = await onboarding('secure');
    await page.goto(linkOf(domain, 'ff112233445566778899aabbccddeeff'));
    expect(await heading()).to.equal('This link is not valid');
    await page.goto(addressOf(domain));
    expect(await heading()).to.equal('This Cozy is waiting for its owner');
    await page.goto(linkOf(domain));
    const other = await context.newPage();
    await other.goto(linkOf(domain));
    await fillIn(PASSPHRASE);
    await page.waitForURL(addressOf(domain));
    await other.getByLabel('Password', { exact: true }).fill('the second one');
    await other.getByRole('button', { name: 'Save the password' }).click();
    await other.getByRole('heading', { name: 'This link is not valid' }).waitFor();
    expect(await faults(domain)).to.deep.equal([]);
  });

  it('names the token to nobody', async () => {
    const domain = await onboarding('secure');
    const before = web.asked.length;
    await page.goto(linkOf(domain));
    expect(await page.title()).not.to.contain(TOKEN);
    await fillIn(PASSPHRASE);
    await page.waitForURL(addressOf(domain));
    const referrers = web.asked.slice(before).map(({ referrer }) => referrer ?? '');
    expect(referrers.join()).not.to.contain('registerToken');
  });

  describe('the page of a host', () => {
    const instance = (locale: string) => ({
      id: 'x',
      domain: 'state.localhost',
      oldDomain: undefined,
      locale,
      contextName: undefined,
    });

    const STATES: readonly (readonly [string, (locale: string) => HostAnswer, string, string])[] = [
      ['unknown', () => ({ state: 'unknown' }), 'There is no Cozy here', 'Il n’y a pas de Cozy ici'],
      [
        'being made',
        (locale) => ({ state: 'provisioning', instance: instance(locale) }),
        'This Cozy is being made',
        'Ce Cozy est en cours de création',
      ],
      [
        'moved',
        (locale) => ({ state: 'moved', instance: instance(locale) }),
        'This Cozy has moved',
        'Ce Cozy a déménagé',
      ],
      [
        'ready',
        (locale) => ({ state: 'ready', instance: instance(locale) }),
        'This Cozy is ready',
        'Ce Cozy est prêt',
      ],
      [
        'unsure',
        () => ({ state: 'unsure' }),
        'Please try again in a moment',
        'Veuillez réessayer dans un instant',
      ],
      ...(
        [
          ['LOGIN_FAILED', 'This Cozy is locked', 'Ce Cozy est verrouillé'],
          ['PAYMENT_FAILED', 'This Cozy is suspended', 'Ce Cozy est suspendu'],
          ['IMPORTING', 'Your data is arriving', 'Vos données arrivent'],
          ['MOVING', 'This Cozy is moving', 'Ce Cozy déménage'],
          ['UNKNOWN', 'This Cozy is closed', 'Ce Cozy est fermé'],
          ['', 'This Cozy is closed', 'Ce Cozy est fermé'],
          ['<b>Water</b> in the cellar', 'This Cozy is closed', 'Ce Cozy est fermé'],
        ] as const
      ).map(
        ([reason, english, french]) =>
          [
            `blocked for ${reason || 'no reason'}`,
            (locale: string): HostAnswer => ({ state: 'blocked', instance: instance(locale), reason }),
            english,
            french,
          ] as const,
      ),
    ];

    for (const [what, answer, english, french] of STATES) {
      it(`that is ${what} speaks English and French, and has nothing that axe finds serious, light or dark`, async () => {
        for (const [locale, title, colorScheme] of [
          ['en', english, 'light'],
          ['fr-FR', french, 'dark'],
        ] as const) {
          await context.close();
          await open({ locale, colorScheme });
          web.answers.set('state.localhost', answer(locale));
          await page.goto(addressOf('state.localhost'));
          expect(await heading()).to.equal(title);
          expect(await page.locator('html').getAttribute('lang')).to.equal(locale.slice(0, 2));
          expect(await seriousViolations(page)).to.deep.equal([]);
          await picture(`${what}-${locale}`);
        }
      });
    }

    it('shows a reason as it was written, and not as markup', async () => {
      web.answers.set('state.localhost', {
        state: 'blocked',
        instance: instance('en'),
        reason: '<b>Water</b> in the cellar',
      });
      await page.goto(addressOf('state.localhost'));
      expect(await page.locator('blockquote').textContent()).to.equal('<b>Water</b> in the cellar');
    });
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing that axe finds serious in the form, ${colorScheme}`, async () => {
      await page.emulateMedia({ colorScheme });
      await page.goto(linkOf(await onboarding('plain')));
      for (const passphrase of ['', 'abc', '12345678', 'summer holiday', 'correct horse battery staple']) {
        await page.getByLabel('Password', { exact: true }).fill(passphrase);
        expect(await seriousViolations(page), passphrase).to.deep.equal([]);
      }
      await picture(`form-${colorScheme}`);
    });
  }

  it('needs no scrolling to the side on a phone, at any size of letters', async () => {
    await page.setViewportSize({ width: 360, height: 640 });
    for (const locale of ['en', 'fr', 'de', 'es', 'ja', 'nl', 'ru', 'vi']) {
      await page.goto(linkOf(await onboarding('secure', { locale })));
      for (const size of ['100%', '200%']) {
        await page.evaluate(`document.documentElement.style.fontSize = '${size}'`);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        expect(width, `${locale} at ${size}`).to.be.at.most(360);
        await picture(`form-${locale}-${size}`);
      }
    }
  });

  async function picture(name: string): Promise<void> {
    if (PICTURES === undefined) return;
    const folder = join(tmpdir(), PICTURES);
    await mkdir(folder, { recursive: true });
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 720 });
      const path = join(folder, `${name.replace(/[^\w-]+/g, '_')}-${width}.png`);
      await page.screenshot({ path, fullPage: true });
    }
    await page.setViewportSize({ width: 360, height: 640 });
  }
});
