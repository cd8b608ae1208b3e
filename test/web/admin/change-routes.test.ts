import { expect } from 'chai';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { readHistory } from '../../../src/jobs/queue/instance-history.ts';
import { type Answer, send as sendTo } from '../../support/admin-client.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

describe('changing instances by the admin API', function () {
  this.timeout(60_000);

  let fleet: TestFleet;
  let web: TestWeb;
  let count = 0;
  let domain: string;

  const send = (line: string, options = {}) => sendTo(web.adminUrl, line, options);
  const patch = (query: string) => send(`PATCH /instances/${domain}?${query}`);
  const stored = async () => (await fleet.instance(domain)) ?? { domain: 'gone' };

  async function settings(): Promise<Record<string, unknown> | undefined> {
    const documents = await fleet.documents(domain, 'io.cozy.settings');
    return documents.find(({ _id }) => _id === 'io.cozy.settings.instance');
  }

  function expectError(answer: Answer, status: number, title: string, detail: string | RegExp): void {
    expect(answer.status).to.equal(status);
    expect(answer.json.errors[0]).to.include({ status: String(status), title });
    expect(answer.json.errors[0].detail).to.match(
      detail instanceof RegExp ? detail : new RegExp(`^${detail}$`),
    );
  }

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    web = await startTestWeb(fleet, { holdSeconds: 2 });
  });

  after(async () => {
    await web.close();
    await fleet.close();
  });

  beforeEach(async () => {
    count += 1;
    domain = fleet.domain(`change${count}`);
    const { prefix = '' } = await fleet.putInstance({
      domain,
      prefix: `cozychange${count}${domain.slice(-20).replace(/\W/g, '')}`,
      cli_secret: Buffer.from(domain).toString('base64'),
      session_secret: 'c2Vzc2lvbg==',
      oauth_secret: 'b2F1dGg=',
      passphrase_hash: 'aGFzaA==',
      magic_link: true,
    });
    await fleet.server.createDatabase(databaseName(prefix, 'io.cozy.settings'));
  });

  afterEach(async () => {
    const { prefix } = { prefix: undefined, ...(await fleet.instance(domain)) };
    if (typeof prefix !== 'string') return;
    for (const name of await fleet.server.listDatabases(`${prefix}/`))
      await fleet.server.deleteDatabase(name);
  });

  it('is kept in the history of the domain, with the names of what changed', async () => {
    await patch('Locale=fr');
    await patch('Locale=fr');
    await send(`PATCH /instances/${domain}/feature/flags`, { body: '{"x":1}' });
    const entries = await readHistory(fleet.fleet, domain);
    expect(entries.map(({ what, state, fields, by }) => [what, state, fields, by])).to.deep.equal([
      ['features', 'done', undefined, 'operator@127.0.0.1'],
      ['modify', 'skipped', ['locale'], 'operator@127.0.0.1'],
      ['modify', 'done', ['locale'], 'operator@127.0.0.1'],
    ]);
  });

  it('changes what is given, and answers the document without its secrets', async () => {
    const answer = await patch(
      'Locale=fr-FR&UUID=u-1&OIDCID=o-1&ContextName=never-heard-of&OldDomain=old.example.org',
    );
    expect(answer.status).to.equal(200);
    const changed = {
      locale: 'fr-FR',
      uuid: 'u-1',
      oidc_id: 'o-1',
      context: 'never-heard-of',
      old_domain: 'old.example.org',
    };
    expect(answer.json.data.attributes).to.include(changed);
    expect(await stored()).to.include(changed);
    expect(answer.json.data.meta.rev).to.match(/^2-/);
    expect(answer.text).not.to.match(/secret|hash|aGFzaA|c2Vzc2lvbg/);
  });

  it('writes mail, name, phone, time zone and the Settings text to the settings', async () => {
    const answer = await patch(
      'Email=a%40example.org&PublicName=Alice+M%C3%BCller&Phone=%2B331&Timezone=Europe%2FParis&Settings=offer:premium,context:beta,email:no',
    );
    expect(answer.status).to.equal(200);
    expect(await settings()).to.include({
      email: 'a@example.org',
      public_name: 'Alice Müller',
      phone: '+331',
      tz: 'Europe/Paris',
      offer: 'premium',
    });
    expect(await stored()).to.include({ context: 'beta' });
  });

  it('takes an empty parameter for none, and the first of a repeated one', async () => {
    await patch('Locale=fr&Locale=de&UUID=&UUID=u-2&ContextName=');
    expect(await stored()).to.include({ locale: 'fr' });
    expect(await stored()).not.to.have.any.keys('uuid', 'context');
  });

  it('changes nothing where nothing is asked for', async () => {
    const before = await stored();
    for (const query of ['', 'DiskQuota=0', 'DiskQuota=-7', 'Blocked=maybe', 'SwiftLayout=-1&Debug=true']) {
      expect((await patch(query)).status).to.equal(200);
    }
    expect(await stored()).to.deep.equal(before);
  });

  it('sets a quota, and takes it away for -1', async () => {
    await patch('DiskQuota=5000000000');
    expect(await stored()).to.include({ disk_quota: '5000000000' });
    await patch('DiskQuota=-1');
    expect(await stored()).not.to.have.property('disk_quota');
  });

  it('turns the magic link off where a client says so, and leaves it where none does', async () => {
    await patch('Locale=fr');
    expect(await stored()).to.include({ magic_link: true });
    await patch('MagicLink=false');
    expect(await stored()).not.to.have.property('magic_link');
  });

  it('blocks with a reason and unblocks, and does not block for a reason alone', async () => {
    await patch('BlockingReason=PAYMENT_FAILED');
    expect(await stored()).not.to.have.property('blocked');
    await patch('Blocked=true&BlockingReason=PAYMENT_FAILED');
    expect(await stored()).to.include({ blocked: true, blocking_reason: 'PAYMENT_FAILED' });
    await patch('BlockingReason=LOGIN_FAILED');
    expect(await stored()).to.include({ blocked: true, blocking_reason: 'LOGIN_FAILED' });
    await patch('Blocked=false&BlockingReason=LOGIN_FAILED');
    expect(await stored()).not.to.have.any.keys('blocked', 'blocking_reason');
  });

  it('sets and clears aliases', async () => {
    await patch(`DomainAliases=${fleet.domain('One')},+${fleet.domain('two')},,${fleet.domain('one')}`);
    expect(await stored()).to.deep.include({ domain_aliases: [fleet.domain('one'), fleet.domain('two')] });
    await patch('DomainAliases=');
    expect(await stored()).to.have.property('domain_aliases');
    await patch('DomainAliases=,');
    expect(await stored()).not.to.have.property('domain_aliases');
  });

  it('refuses an alias that is taken, in the words of a stack', async () => {
    const other = fleet.domain(`taken${count}`);
    await fleet.putInstance({ domain: other });
    expectError(await patch(`DomainAliases=${other}`), 409, 'Conflict', 'Instance already exists');
    expectError(await patch(`DomainAliases=${domain}`), 409, 'Conflict', 'Instance already exists');
  });

  it('signs terms as a stack does', async () => {
    await patch('TOSSigned=20201231&TOSLatest=2.0.0-20210101');
    expect(await stored()).to.include({ tos: '1.0.0-20201231', tos_latest: '2.0.0-20210101' });
    expectError(await patch('TOSLatest=bad'), 400, 'Bad Request', 'Bad format for TOS version');
  });

  for (const [query, status, parameter] of [
    ['DomainAliases=a%2Fb', 422, 'domain'],
    ['Locale=a%00b', 422, 'Locale'],
    ['PublicName=a%0Ab', 422, 'PublicName'],
    [`UUID=${'u'.repeat(9000)}`, 422, 'UUID'],
    ['DiskQuota=lots', 422, 'DiskQuota'],
    ['DiskQuota=9223372036854775807', 422, 'DiskQuota'],
    ['Settings=_id:evil', 422, 'Settings'],
    ['Blocked=true&BlockingReason=PROVISIONING:0123456789abcdef', 422, 'BlockingReason'],
    ['Settings=auth_mode:none', 400, undefined],
    ['Locale=%FF', 400, undefined],
    ['Locale=%zz', 400, undefined],
  ] as const) {
    it(`refuses ${query.slice(0, 60)}, and changes nothing`, async () => {
      const before = await stored();
      const { status: answered, json } = await patch(query);
      expect(answered).to.equal(status);
      expect(json.errors[0].source.parameter).to.equal(parameter);
      expect(await stored()).to.deep.equal(before);
    });
  }

  it('sets the deleting flag and takes it back, and looks at nothing else then', async () => {
    const marked = await patch('Deleting=true&Locale=fr');
    expect(marked.json.data.attributes).to.include({ deleting: true, locale: 'en' });
    expectError(await patch('Locale=fr'), 409, 'Conflict', /is being deleted/);
    expectError(await patch('Deleting=false'), 409, 'Conflict', /databases are gone/);
  });

  it('takes a body that says it is JSON and is empty', async () => {
    const answer = await send(`PATCH /instances/${domain}?Blocked=true`, {
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
    expect(answer.status).to.equal(200);
  });

  it('changes by an alias, too', async () => {
    await patch(`DomainAliases=${fleet.domain(`alias${count}`)}`);
    const answer = await send(`PATCH /instances/${fleet.domain(`alias${count}`)}?Locale=fr`);
    expect(answer.json.data.attributes).to.include({ domain, locale: 'fr' });
  });

  it('says that there is no such instance', async () => {
    expectError(
      await send('PATCH /instances/nobody.example.org?Locale=fr'),
      404,
      'Not Found',
      'Instance not found',
    );
  });

  describe('of the authentication', () => {
    const setMode = (body: string) =>
      send(`POST /instances/${domain}/auth-mode`, { headers: { 'content-type': 'application/json' }, body });

    it('changes the mode, and says when it was so already', async () => {
      expect(await setMode('{"auth_mode":"two_factor_mail"}')).to.include({ status: 204, text: '' });
      expect(await stored()).to.include({ auth_mode: 1 });
      const again = await setMode('{"auth_mode":"two_factor_mail"}');
      expect(again).to.include({ status: 200, text: '"Instance has already two_factor_mail auth mode"\n' });
      expect((await setMode('{"auth_mode":"basic"}')).status).to.equal(204);
      expect(await stored()).not.to.have.property('auth_mode');
    });

    it('refuses an unknown mode, none, and what is no JSON', async () => {
      expectError(
        await setMode('{"auth_mode":"nonsense"}'),
        400,
        'Bad Request',
        'Unknown authentication mode',
      );
      expectError(
        await setMode('{"auth_mode":["basic"]}'),
        400,
        'Bad Request',
        'Unknown authentication mode',
      );
      expectError(await setMode('{}'), 400, 'Bad Request', 'Missing auth_mode key');
      expectError(await setMode('[]'), 400, 'Bad Request', 'Missing auth_mode key');
      expectError(await setMode('{'), 400, 'Bad Request', /malformed/);
    });
  });

  describe('of features', () => {
    const flags = (method: string, body?: string) =>
      send(`${method} /instances/${domain}/feature/flags`, body === undefined ? {} : { body });
    const sets = (method: string, body?: string) =>
      send(`${method} /instances/${domain}/feature/sets`, body === undefined ? {} : { body });

    it('has none at first', async () => {
      expect((await flags('GET')).text).to.equal('null\n');
      expect((await sets('GET')).text).to.equal('null\n');
    });

    it('merges flags, and takes away what is null', async () => {
      await flags('PATCH', '{"one":true,"two":{"deep":[1]}}');
      const { json } = await flags('PATCH', '{"one":null,"three":"3","__proto__":{"a":1}}');
      expect(Object.keys(json)).to.have.members(['two', 'three']);
      expect((await flags('GET')).json).to.deep.equal(json);
      expect((await flags('PATCH', '{"two":null,"three":null}')).json).to.deep.equal({});
      expect(await stored()).not.to.have.property('feature_flags');
    });

    it('replaces sets, in the order of their names', async () => {
      expect((await sets('PUT', '["b","a"]')).json).to.deep.equal(['a', 'b']);
      expect(await stored()).to.deep.include({ feature_sets: ['a', 'b'], magic_link: true });
      expect((await sets('PUT', '[]')).json).to.deep.equal([]);
      expect(await stored()).not.to.have.property('feature_sets');
    });

    it('refuses what is neither', async () => {
      expect((await flags('PATCH', '[]')).status).to.equal(422);
      expect((await sets('PUT', '{"a":1}')).status).to.equal(422);
      expect((await sets('PUT', '')).status).to.equal(400);
    });

    it('refuses what could not be stored as it is', async () => {
      for (const value of [
        '"\\ud800"',
        '{"\\udfff":1}',
        '1e999',
        '[-1e999]',
        '['.repeat(100_000) + ']'.repeat(100_000),
      ]) {
        expect((await flags('PATCH', `{"a":${value}}`)).status, value.slice(0, 20)).to.equal(400);
      }
      expect((await sets('PUT', '["\\ud800"]')).status).to.equal(400);
      expect((await flags('GET')).text).to.equal('null\n');
      expect((await flags('PATCH', '{"a":[{"b":["\u{1f600}",1e300,null]}]}')).status).to.equal(200);
    });
  });

  it('answers 503 when a job does not end within the time to wait', async () => {
    const busy = fleet.domain(`busy${count}`);
    await fleet.submit({ domain: busy });
    const answer = await send(`PATCH /instances/${busy}?Locale=fr`);
    expectError(answer, 503, 'Service Unavailable', /has not ended yet/);
    expect(Number(answer.headers.get('retry-after'))).to.be.above(0);
  });
});
