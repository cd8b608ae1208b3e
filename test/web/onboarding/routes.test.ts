import { request } from 'node:http';
import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { faultsOfStored, sentPassphrase } from '../../support/browser-vault.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type PagesServer, startPagesServer, TOKEN } from '../../support/pages-server.ts';

const PASSPHRASE = 'open sesame, said he';
const WRONG = 'ff112233445566778899aabbccddeeff';
const PAGE = 'text/html,application/xhtml+xml,*/*;q=0.8';
const JSON_ONLY = 'application/json';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly accept?: string;
  /** A form, unless it is a text, which is sent as JSON. */
  readonly body?: Readonly<Record<string, string | number>> | string;
  readonly headers?: Readonly<Record<string, string>>;
}

describe('the routes of the onboarding', () => {
  let test: TestFleet;
  let web: PagesServer;
  let count = 0;

  before(async () => {
    test = await startTestFleet({
      worker: false,
      configure: (config) => ({ ...config, serve: { ...config.serve, trustedProxies: ['127.0.0.1'] } }),
    });
    web = await startPagesServer(test);
  });

  after(async () => {
    await web.close();
    await test.close();
  });

  function send(host: string, { method = 'GET', path = '/', accept = PAGE, body, headers = {} }: Sent = {}) {
    const text =
      body === undefined || typeof body === 'string' ? body : new URLSearchParams(entries(body)).toString();
    const type = typeof body === 'string' ? 'application/json' : 'application/x-www-form-urlencoded';
    return new Promise<Reply>((resolve, reject) => {
      const sent = request(
        {
          port: web.port,
          method,
          path,
          headers: { host, accept, ...(text !== undefined && { 'content-type': type }), ...headers },
        },
        (answer) => {
          let whole = '';
          answer.setEncoding('utf8').on('data', (part) => {
            whole += part;
          });
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: whole }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  }

  const entries = (form: Readonly<Record<string, string | number>>) =>
    Object.entries(form).map(([name, value]): [string, string] => [name, String(value)]);

  const post = (host: string, form: Readonly<Record<string, string | number>>, more: Sent = {}) =>
    send(host, { method: 'POST', path: '/settings/passphrase', body: form, ...more });

  /** A form as the page sends it where the browser hashes nothing. */
  const clearForm = (more: Readonly<Record<string, string | number>> = {}) => ({
    register_token: TOKEN,
    passphrase: PASSPHRASE,
    iterations: 0,
    key: '',
    public_key: '',
    private_key: '',
    hint: '',
    ...more,
  });

  async function onboarding(
    fields: Parameters<PagesServer['putOnboarding']>[0] | object = {},
  ): Promise<string> {
    count += 1;
    const domain = test.domain(`o${count}`);
    await web.putOnboarding({ domain, ...fields });
    return domain;
  }

  async function faults(domain: string): Promise<string[]> {
    const instance = await test.instance(domain);
    return faultsOfStored(PASSPHRASE, `me@${domain}`, instance ?? {}, await vaultOf(domain));
  }

  async function vaultOf(domain: string): Promise<StoredDocument> {
    const database = databaseName(prefixOf(domain), 'io.cozy.settings');
    return (await test.server.getDocument(database, 'io.cozy.settings.bitwarden')) ?? { _id: '', _rev: '' };
  }

  const errorOf = ({ body }: Reply): unknown => JSON.parse(body).errors[0];

  describe('a registration link', () => {
    it('opens the form, with the token in a field alone', async () => {
      const domain = await onboarding();
      const { status, headers, body } = await send(domain, { path: `/?registerToken=${TOKEN}` });
      expect(status).to.equal(200);
      expect(headers['cache-control']).to.equal('no-store');
      expect(headers['referrer-policy']).to.equal('no-referrer');
      expect(body.split(TOKEN)).to.have.length(2);
      expect(body).to.contain(`name="register_token" value="${TOKEN}"`);
      expect(body).to.contain(`data-salt="me@${domain}"`).and.contain('data-iterations="650000"');
    });

    it('salts with the former domain', async () => {
      const domain = await onboarding({ old_domain: 'once.example.org:8080' });
      const { body } = await send(domain, { path: `/?registerToken=${TOKEN}` });
      expect(body).to.contain('data-salt="me@once.example.org"');
    });

    it('is in the language of the instance', async () => {
      const domain = await onboarding({ locale: 'fr' });
      const { body } = await send(domain, {
        path: `/?registerToken=${TOKEN}`,
        headers: { 'accept-language': 'de' },
      });
      expect(body).to.contain('<html lang="fr">').and.contain('Choisissez votre mot de passe');
    });

    for (const [what, token] of [
      ['of another token', WRONG],
      ['without its token', ''],
      ['with markup for a token', '"><script>alert(1)</script>'],
    ] as const) {
      it(`${what} is refused, and repeats nothing of it`, async () => {
        const domain = await onboarding();
        const { status, body } = await send(domain, { path: `/?registerToken=${encodeURIComponent(token)}` });
        expect(status).to.equal(400);
        expect(body).to.contain('This link is not valid').and.not.contain('<form');
        expect(body).not.to.contain('alert');
        if (token !== '') expect(body).not.to.contain(token);
      });
    }

    it('leaves the same path to others where there is no token', async () => {
      const domain = await onboarding();
      const { status, body } = await send(domain, { path: '/?other=1' });
      expect(status).to.equal(200);
      expect(body).to.contain('look for our mail');
    });

    it('of an instance that is in use leads to that', async () => {
      const domain = await onboarding();
      const answer = web.answers.get(domain);
      if (answer?.state !== 'onboarding') throw new Error('no instance');
      web.answers.set(domain, { state: 'ready', instance: answer.instance });
      const { status, body } = await send(domain, { path: `/?registerToken=${TOKEN}` });
      expect(status).to.equal(200);
      expect(body).to.contain('This Cozy is ready').and.not.contain(TOKEN);
    });
  });

  describe('POST /settings/passphrase', () => {
    it('takes a form with a passphrase in clear text, and sends its owner on', async () => {
      const domain = await onboarding();
      const { status, headers, body } = await post(domain, clearForm({ hint: ' forty thieves ' }));
      expect([status, headers['location'], body]).to.deep.equal([303, '/', '']);
      expect(headers).not.to.have.property('set-cookie');
      expect(await faults(domain)).to.deep.equal([]);
      expect((await vaultOf(domain))['passphrase_hint']).to.equal('forty thieves');
    });

    it('takes a form that a browser has hashed', async () => {
      const domain = await onboarding();
      const form = { register_token: TOKEN, hint: '', ...sentPassphrase(PASSPHRASE, `me@${domain}`) };
      expect((await post(domain, form)).status).to.equal(303);
      expect(await faults(domain)).to.deep.equal([]);
      expect((await vaultOf(domain))['key']).to.equal(form.key);
    });

    it('takes JSON, and tells programs where the instance is, as a stack does', async () => {
      const domain = await onboarding();
      const body = JSON.stringify({ register_token: TOKEN, ...sentPassphrase(PASSPHRASE, `me@${domain}`) });
      const reply = await post(domain, {}, { body, accept: JSON_ONLY });
      expect(reply.status).to.equal(200);
      expect(JSON.parse(reply.body)).to.deep.equal({ redirect: `https://${domain}/` });
      expect(await faults(domain)).to.deep.equal([]);
    });

    it('takes passphrases of programs that are short, as a stack does', async () => {
      const domain = await onboarding();
      const reply = await post(domain, clearForm({ passphrase: 'cozy' }), { accept: JSON_ONLY });
      expect(reply.status).to.equal(200);
    });

    it('is done once', async () => {
      const domain = await onboarding();
      await post(domain, clearForm(), { accept: JSON_ONLY });
      const again = await post(domain, clearForm({ passphrase: 'another one' }), { accept: JSON_ONLY });
      expect(again.status).to.equal(400);
      expect(errorOf(again)).to.include({
        status: '400',
        title: 'Bad Request',
        detail: 'Invalid register token',
      });
      expect(await faults(domain)).to.deep.equal([]);
    });

    for (const [what, form, status, detail] of [
      ['an empty passphrase', { passphrase: '' }, 400, 'Missing new passphrase'],
      [
        'an empty passphrase before a missing token',
        { passphrase: '', register_token: '' },
        400,
        'Missing new passphrase',
      ],
      ['no token', { register_token: '' }, 400, 'Empty register token'],
      ['a wrong token', { register_token: WRONG }, 400, 'Invalid register token'],
      ['a token that is not hex', { register_token: 'not hex' }, 400, 'Invalid register token'],
      ['too few iterations', { iterations: 49_999 }, 422, 'The KdfIterations number is too low'],
      ['too many iterations', { iterations: 5_000_001 }, 422, 'The KdfIterations number is too high'],
      ['iterations that are no number', { iterations: '1e5' }, 400, 'The KdfIterations are not a number'],
      [
        'keys that are none',
        { iterations: 50_000, key: 'x', passphrase: `${'A'.repeat(43)}=` },
        400,
        'The keys are not those of a vault',
      ],
      ['a passphrase that was not hashed', { iterations: 50_000, key: 'x' }, 400, 'Invalid passphrase'],
      ['a hint that is the passphrase', { hint: PASSPHRASE }, 400, 'The hint is the passphrase itself'],
      ['a passphrase that is too long', { passphrase: 'x'.repeat(1_001) }, 400, 'The passphrase is too long'],
    ] as const) {
      it(`refuses ${what}, and changes nothing`, async () => {
        const domain = await onboarding();
        const before = await test.instance(domain);
        const reply = await post(domain, clearForm(form), { accept: JSON_ONLY });
        expect(reply.status).to.equal(status);
        expect(errorOf(reply)).to.include({ status: String(status), detail });
        expect(await test.instance(domain)).to.deep.equal(before);
      });
    }

    it('shows people the form again with what is wrong, if their token is right', async () => {
      const domain = await onboarding();
      const { status, body } = await post(domain, clearForm({ passphrase: 'short' }));
      expect(status).to.equal(400);
      expect(body).to.contain('The password needs at least 8 characters.').and.contain('<form');
      expect(body).not.to.contain('value="short"');
      const wrong = await post(domain, clearForm({ passphrase: 'short', register_token: WRONG }));
      expect(wrong.body).to.contain('This link is not valid').and.not.contain('<form');
    });

    it('refuses a body that is too large or of another kind', async () => {
      const domain = await onboarding();
      expect((await post(domain, clearForm({ hint: 'x'.repeat(70_000) }))).status).to.equal(413);
      const text = { body: '"open sesame', accept: JSON_ONLY };
      const unreadable = await post(domain, {}, text);
      expect(unreadable.status).to.equal(400);
      expect(unreadable.body).not.to.contain('sesame');
      const other = await post(domain, clearForm(), { headers: { 'content-type': 'image/png' } });
      expect(other.status).to.equal(415);
    });

    it('answers hosts that nobody can register with by their state', async () => {
      const domain = test.domain('blocked');
      const instance = { id: 'x', domain, oldDomain: undefined, locale: 'en', contextName: undefined };
      web.answers.set(domain, { state: 'blocked', instance, reason: 'PAYMENT_FAILED' });
      expect((await post(domain, clearForm())).status).to.equal(402);
      expect((await post('nobody.example.org', clearForm())).status).to.equal(404);
      web.answers.set(domain, { state: 'ready', instance });
      expect((await post(domain, clearForm())).status).to.equal(400);
    });

    it('believes the document where the instance was blocked a moment ago', async () => {
      const domain = await onboarding({ blocked: true, blocking_reason: 'LOGIN_FAILED' });
      const reply = await post(domain, clearForm(), { accept: JSON_ONLY });
      expect(reply.status).to.equal(409);
      expect(reply.body).not.to.contain(domain);
    });
  });

  describe('wrong tokens', () => {
    const from = (address: string): Sent => ({ accept: JSON_ONLY, headers: { 'x-forwarded-for': address } });

    async function guess(domain: string, address: string, times: number): Promise<number[]> {
      const found: number[] = [];
      for (let time = 0; time < times; time += 1) {
        found.push((await post(domain, clearForm({ register_token: WRONG }), from(address))).status);
      }
      return found;
    }

    it('are limited for an address, and the right one never', async () => {
      const domain = await onboarding();
      const found = await guess(domain, '198.51.100.7', 21);
      expect(found).to.deep.equal([...Array.from({ length: 20 }, () => 400), 429]);
      const late = await post(domain, clearForm({ register_token: WRONG }), from('198.51.100.7'));
      expect(Number(late.headers['retry-after'])).to.be.within(1, 600);
      expect((await post(domain, clearForm(), from('198.51.100.7'))).status).to.equal(200);
    });

    it('count together for the devices behind one connection, and not for others', async () => {
      const domain = await onboarding();
      await guess(domain, '2001:db8:1:2::1', 20);
      expect(await guess(domain, '2001:db8:1:2:ffff::9', 1)).to.deep.equal([429]);
      expect(await guess(domain, '2001:db8:1:3::1', 1)).to.deep.equal([400]);
    });

    it('are limited for an instance, too', async () => {
      const domain = await onboarding();
      for (let network = 0; network < 10; network += 1) await guess(domain, `203.0.113.${network}`, 20);
      expect(await guess(domain, '203.0.113.77', 1)).to.deep.equal([429]);
      expect(await guess(await onboarding(), '203.0.113.77', 1)).to.deep.equal([400]);
    });

    it('count when they come with a link as well', async () => {
      const domain = await onboarding();
      await guess(domain, '198.51.100.8', 20);
      const link = { path: `/?registerToken=${WRONG}`, headers: { 'x-forwarded-for': '198.51.100.8' } };
      const { status, body } = await send(domain, link);
      expect(status).to.equal(429);
      expect(body).to.contain('Too many attempts');
    });

    it('do not count when they are empty', async () => {
      const domain = await onboarding();
      for (let time = 0; time < 25; time += 1) {
        const { status } = await post(domain, clearForm({ register_token: '' }), from('198.51.100.9'));
        expect(status).to.equal(400);
      }
      expect(await guess(domain, '198.51.100.9', 1)).to.deep.equal([400]);
    });
  });

  describe('without Redis', () => {
    before(() => test.redis.stop());
    after(() => test.redis.start());

    it('answers a registration with 503, and states as ever', async () => {
      const domain = await onboarding();
      const reply = await post(domain, clearForm());
      expect(reply.status).to.equal(503);
      expect(Number(reply.headers['retry-after'])).to.be.above(0);
      expect((await send(domain)).status).to.equal(200);
      expect((await send(domain, { path: `/?registerToken=${TOKEN}` })).status).to.equal(200);
    });
  });
});
