import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { SESSION_SECONDS, sealSession } from '../../../src/web/auth/operator-session.ts';
import type { OperatorCheck } from '../../../src/web/operator-check.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { cookieOf, getPage, postForm, signedIn } from '../../support/fleet-browser.ts';
import {
  OPERATOR_AUTHORIZATION,
  OPERATOR_PASSPHRASE,
  startTestWeb,
  type TestWeb,
  testOperator,
} from '../../support/web.ts';

const PASSPHRASE = { passphrase: OPERATOR_PASSPHRASE };

describe('signing in to the fleet page', () => {
  let platform: TestFleet;
  let web: TestWeb;

  before(async () => {
    platform = await startTestFleet({ worker: false });
    web = await startTestWeb(platform);
  });

  after(async () => {
    await web?.close();
    await platform?.close();
  });

  /** A cookie as the server makes it, for a session of the test's own. */
  async function sealed(expiresAt: number, operator: OperatorCheck = testOperator): Promise<string> {
    const value = await sealSession(operator, { id: 'a'.repeat(22), expiresAt });
    return `cozy-fleet-session=${encodeURIComponent(value)}`;
  }

  const soon = (): number => Math.floor(Date.now() / 1000) + 60;

  it('leads a browser to the form, and from there back to the page that it wanted', async () => {
    const refused = await getPage(web, '/fleet/workers?x=1');
    expect(refused.status).to.equal(303);
    const location = refused.headers.get('location') ?? '';
    expect(location).to.equal('/fleet/sign-in?next=%2Ffleet%2Fworkers%3Fx%3D1');
    const form = await (await getPage(web, location)).text();
    expect(form).to.contain('name="next" value="/fleet/workers?x&#61;1"');
    const answer = await postForm(web, '/fleet/sign-in', { ...PASSPHRASE, next: '/fleet/workers?x=1' });
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/fleet/workers?x=1']);
  });

  it('takes a body of another shape for one without a passphrase', async () => {
    for (const body of ['[]', '"open sesame"', 'null', '{"passphrase":["open sesame"]}']) {
      const answer = await fetch(`${web.adminUrl}/fleet/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect([body, answer.status]).to.deep.equal([body, 403]);
    }
  });

  it('keeps whoever knows the passphrase signed in by a cookie for these pages alone', async () => {
    const answer = await postForm(web, '/fleet/sign-in', PASSPHRASE);
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).to.contain(`Max-Age=${SESSION_SECONDS}`);
    expect(cookie).to.contain('Path=/fleet;').and.to.contain('HttpOnly').and.to.contain('SameSite=Strict');
    expect(cookie).not.to.contain('Secure').and.not.to.contain('Domain');
    expect(cookie).not.to.contain(OPERATOR_PASSPHRASE);
    expect((await getPage(web, '/fleet', { cookie: cookieOf(answer) })).status).to.equal(200);
  });

  it('sends the cookie over https alone where a proxy that is trusted says https', async () => {
    const behind = await startTestWeb(platform, { trustedProxies: ['127.0.0.1'] });
    try {
      const answer = await postForm(behind, '/fleet/sign-in', PASSPHRASE, { 'x-forwarded-proto': 'https' });
      expect(answer.headers.getSetCookie().join()).to.contain('Secure');
    } finally {
      await behind.close();
    }
  });

  for (const passphrase of ['wrong', '', `${OPERATOR_PASSPHRASE} `]) {
    it(`refuses the passphrase ${JSON.stringify(passphrase)} and shows none of it`, async () => {
      const answer = await postForm(web, '/fleet/sign-in', { passphrase });
      expect(answer.status).to.equal(403);
      expect(answer.headers.getSetCookie()).to.deep.equal([]);
      const page = await answer.text();
      expect(page).to.contain('That is not the passphrase.');
      if (passphrase !== '') expect(page).not.to.contain(`"${passphrase}"`);
    });
  }

  it('says so where too many wrong ones came from an address', async () => {
    const strict = await startTestWeb(platform, {}, { ...testOperator, verify: async () => 'limited' });
    try {
      const answer = await postForm(strict, '/fleet/sign-in', PASSPHRASE);
      expect(answer.status).to.equal(429);
      expect(await answer.text()).to.contain('Too many wrong passphrases');
      const program = await fetch(`${strict.adminUrl}/fleet/x`, {
        headers: { authorization: OPERATOR_AUTHORIZATION },
      });
      expect(program.status).to.equal(429);
    } finally {
      await strict.close();
    }
  });

  it('ends a session when its operator signs out, for whoever has kept the cookie', async () => {
    const operator = await signedIn(web);
    const other = await signedIn(web);
    const answer = await operator.post('/fleet/sign-out');
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/fleet/sign-in']);
    expect(answer.headers.getSetCookie().join()).to.contain('cozy-fleet-session=;');
    expect((await operator.get('/fleet')).status).to.equal(303);
    expect((await other.get('/fleet')).status).to.equal(200);
  });

  it('keeps no session longer than a session lasts', async () => {
    expect((await getPage(web, '/fleet', { cookie: await sealed(soon()) })).status).to.equal(200);
    const past = Math.floor(Date.now() / 1000) - 1;
    expect((await getPage(web, '/fleet', { cookie: await sealed(past) })).status).to.equal(303);
  });

  it('takes no cookie that was changed, or is of another passphrase', async () => {
    const good = await sealed(soon());
    const later = good.replace(/=\d+/, `=${soon() + 1_000_000}`);
    const flipped = good.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const others: OperatorCheck = {
      ...testOperator,
      deriveKey: async (purpose) => createHmac('sha256', 'before').update(purpose).digest(),
    };
    const old = await sealed(soon(), others);
    for (const cookie of [later, flipped, old, 'cozy-fleet-session=', 'cozy-fleet-session=x.y.z']) {
      expect((await getPage(web, '/fleet', { cookie })).status, cookie).to.equal(303);
    }
  });

  it('does not take the cookie for credentials of the rest of the admin port', async () => {
    const { cookie } = await signedIn(web);
    const answer = await fetch(`${web.adminUrl}/instances`, { headers: { cookie } });
    expect(answer.status).to.equal(401);
  });

  it('answers programs with what is missing, and takes their Basic credentials', async () => {
    const json = { accept: 'application/json' };
    const none = await fetch(`${web.adminUrl}/fleet/workers`, { headers: json, redirect: 'manual' });
    expect([none.status, none.headers.get('www-authenticate')]).to.deep.equal([401, null]);
    expect(await none.json()).to.have.nested.property('error.code', 'no_credentials');
    const wrong = `Basic ${Buffer.from('admin:wrong').toString('base64')}`;
    expect((await getPage(web, '/fleet', { authorization: wrong })).status).to.equal(403);
    expect((await getPage(web, '/fleet', { authorization: OPERATOR_AUTHORIZATION })).status).to.equal(200);
  });

  it('does not take credentials that a browser sends from another site', async () => {
    const answer = await getPage(web, '/fleet', {
      authorization: OPERATOR_AUTHORIZATION,
      'sec-fetch-site': 'cross-site',
    });
    expect(answer.status).to.equal(303);
  });

  it('serves the styles and scripts of its pages to everybody, and no other file', async () => {
    for (const file of ['fleet.css', 'fleet.js', 'chart.umd.min.js']) {
      expect((await getPage(web, `/fleet/assets/${file}`)).status, file).to.equal(200);
    }
    for (const file of ['', 'tsconfig.json', 'chart.js', '..%2fpackage.json', '../package.json']) {
      expect((await getPage(web, `/fleet/assets/${file}`)).status, file).not.to.equal(200);
    }
  });

  it('tells browsers to load nothing of others, and to frame nothing', async () => {
    const { headers } = await getPage(web, '/fleet/sign-in');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).to.contain("default-src 'none'").and.to.contain("frame-ancestors 'none'");
    expect(policy).to.contain("script-src 'self';").and.to.contain("style-src 'self';");
    expect(policy).not.to.contain('unsafe');
    expect(headers.get('cache-control')).to.equal('no-store');
    expect(headers.get('strict-transport-security')).to.equal(null);
  });
});

describe('forms of the fleet page', () => {
  let platform: TestFleet;
  let web: TestWeb;

  before(async () => {
    platform = await startTestFleet({ worker: false });
    web = await startTestWeb(platform);
  });

  after(async () => {
    await web?.close();
    await platform?.close();
  });

  for (const site of ['cross-site', 'same-site']) {
    it(`are refused from a page of another origin (${site}), even with the right token or passphrase`, async () => {
      const { cookie, token } = await signedIn(web);
      const headers = { cookie, 'sec-fetch-site': site };
      const out = await postForm(web, '/fleet/sign-out', { _csrf: await token() }, headers);
      expect(out.status).to.equal(403);
      const signIn = await postForm(web, '/fleet/sign-in', PASSPHRASE, { 'sec-fetch-site': site });
      expect([signIn.status, signIn.headers.getSetCookie()]).to.deep.equal([403, []]);
      const basic = { authorization: OPERATOR_AUTHORIZATION, 'sec-fetch-site': site };
      expect((await postForm(web, '/fleet/sign-out', {}, basic)).status).to.equal(403);
    });
  }

  it('are refused by their origin where a browser says no more', async () => {
    for (const origin of [
      'http://evil.example',
      'null',
      `${web.adminUrl}.evil.example`,
      'http://127.0.0.1:1',
    ]) {
      const answer = await fetch(`${web.adminUrl}/fleet/sign-in`, {
        method: 'POST',
        body: new URLSearchParams(PASSPHRASE),
        headers: { origin },
        redirect: 'manual',
      });
      expect(answer.status, origin).to.equal(403);
    }
    const own = await fetch(`${web.adminUrl}/fleet/sign-in`, {
      method: 'POST',
      body: new URLSearchParams(PASSPHRASE),
      headers: { origin: web.adminUrl },
      redirect: 'manual',
    });
    expect(own.status).to.equal(303);
  });

  it('are refused without a token, with a wrong one, and with that of another session', async () => {
    const operator = await signedIn(web);
    const other = await signedIn(web);
    for (const fields of [{}, { _csrf: '' }, { _csrf: 'wrong' }, { _csrf: await other.token() }]) {
      const answer = await postForm(web, '/fleet/sign-out', fields, { cookie: operator.cookie });
      expect(answer.status).to.equal(403);
    }
    expect((await operator.get('/fleet')).status).to.equal(200);
  });

  it('need no token from programs with credentials of their own', async () => {
    const basic = { authorization: OPERATOR_AUTHORIZATION };
    expect((await postForm(web, '/fleet/sign-out', {}, basic)).status).to.equal(303);
  });
});
