import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { get, rawRequest } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';
import { OPERATOR_PASSPHRASE, startTestWeb, type TestWeb } from '../../support/web.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly body: string;
}

/** What the stack's command line sends with each PATCH, in its order, besides what its flags say. */
function patchQuery(flags: Readonly<Record<string, string>>): string {
  const always = ['ContextName', 'Email', 'FranceConnectID', 'Locale', 'OIDCID', 'OldDomain', 'Phone'];
  const others = ['PublicName', 'Settings', 'TOSLatest', 'TOSSigned', 'Timezone', 'UUID'];
  const empty = Object.fromEntries([...always, ...others].map((name) => [name, '']));
  const parameters = Object.entries({ ...empty, DiskQuota: '0', ...flags });
  const sorted = parameters.sort(([one], [other]) => (one < other ? -1 : 1));
  return new URLSearchParams(sorted).toString();
}

/** The requests of `cozy-stack` 1.6.58 as a client, and what its commands read in the answers. */
describe("the stack's command line as a client", function () {
  this.timeout(60_000);

  let fleet: TestFleet;
  let web: TestWeb;
  let alice: string;
  let prefix: string;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    web = await startTestWeb(fleet);
    alice = fleet.domain('alice');
    prefix = `cozy${alice.slice(0, 14).replace(/\W/g, '')}`;
    await fleet.putInstance({
      domain: alice,
      prefix,
      locale: 'fr',
      cli_secret: 'Y2xp',
      magic_link: true,
      indexes_version: 38,
      register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==',
      disk_quota: '50000000000',
    });
    await fleet.server.createDatabase(databaseName(prefix, 'io.cozy.settings'));
  });

  after(async () => {
    await fleet.server.deleteDatabase(databaseName(prefix, 'io.cozy.settings'));
    await web.close();
    await fleet.close();
  });

  /** Sends a request with just the headers that Go's client sends. */
  async function send(line: string, body?: string): Promise<Answer> {
    const [method = '', path = ''] = line.split(' ');
    const headers = {
      Host: `127.0.0.1:${web.adminPort}`,
      'User-Agent': 'go-cozy-client',
      ...(method !== 'GET' && { 'Content-Length': String(Buffer.byteLength(body ?? '')) }),
      // It has no user.
      Authorization: `Basic ${Buffer.from(`:${OPERATOR_PASSPHRASE}`).toString('base64')}`,
      ...(path.endsWith('/auth-mode') && { 'Content-Type': 'application/json' }),
      'Accept-Encoding': 'gzip',
    };
    return await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: web.adminPort, method, path, headers, agent: false };
      const asking = request(options, async (response) => {
        resolve({ status: response.statusCode, headers: response.headers, body: await text(response) });
      });
      asking.on('error', reject);
      asking.end(body);
    });
  }

  const stored = async () => (await fleet.instance(alice)) ?? { domain: 'gone' };

  it('ls', async () => {
    const { status, body } = await send('GET /instances');
    expect(status).to.equal(200);
    const { data } = JSON.parse(body);
    const own = data.find((each: { attributes: { domain: string } }) => each.attributes.domain === alice);
    expect(own.attributes).to.include({
      locale: 'fr',
      disk_quota: '50000000000',
      indexes_version: 38,
      prefix,
    });
  });

  it('show', async () => {
    const { status, body } = await send(`GET /instances/${alice}`);
    expect(status).to.equal(200);
    const { id, meta, attributes } = JSON.parse(body).data;
    expect(id).to.match(/^[\da-f]{32}$/);
    expect(meta.rev).to.match(/^\d+-[\da-f]{32}$/);
    expect(attributes.register_token).to.equal('dk2JGNsNTUb/A3ulUmuwhQ==');
  });

  it('show of nobody', async () => {
    const { status, body } = await send('GET /instances/nobody.example.org');
    expect(status).to.equal(404);
    const [error] = JSON.parse(body).errors;
    expect(`Error: ${error.title}: ${error.detail}`).to.equal('Error: Not Found: Instance not found');
  });

  it('count', async () => {
    const { status, body } = await send('GET /instances/count');
    expect(status).to.equal(200);
    expect(JSON.parse(body).count).to.be.a('number').and.at.least(1);
  });

  it('modify --blocked --blocking-reason --public-name --domain-aliases', async () => {
    const aliases = [fleet.domain('a'), fleet.domain('b')];
    const query = patchQuery({
      Blocked: 'true',
      BlockingReason: 'PAYMENT_FAILED',
      DomainAliases: aliases.join(','),
      MagicLink: 'false',
      PublicName: 'A B',
    });
    const { status, body } = await send(`PATCH /instances/${alice}?${query}`);
    expect(status).to.equal(200);
    const { attributes } = JSON.parse(body).data;
    expect(attributes).to.deep.include({
      blocked: true,
      blocking_reason: 'PAYMENT_FAILED',
      domain_aliases: aliases,
      locale: 'fr',
      disk_quota: '50000000000',
    });
    // The command sends it each time, so that leaving the flag out turns it off.
    expect(attributes).not.to.have.property('magic_link');
    const [settings] = await fleet.documents(alice, 'io.cozy.settings');
    expect(settings).to.include({ public_name: 'A B' }).and.not.have.any.keys('email', 'tz', 'phone');
  });

  it('modify --blocking-reason, which says nothing of the reason without --blocked', async () => {
    const before = await stored();
    await send(`PATCH /instances/${alice}?${patchQuery({ MagicLink: 'false' })}`);
    expect(await stored()).to.deep.equal(before);
  });

  it('modify --blocked=false', async () => {
    const query = patchQuery({ Blocked: 'false', BlockingReason: '', MagicLink: 'false' });
    expect((await send(`PATCH /instances/${alice}?${query}`)).status).to.equal(200);
    expect(await stored()).not.to.have.any.keys('blocked', 'blocking_reason');
  });

  it('modify --tos-latest bad', async () => {
    const query = patchQuery({ TOSLatest: 'bad', MagicLink: 'false' });
    const { status, body } = await send(`PATCH /instances/${alice}?${query}`);
    expect(status).to.equal(400);
    expect(JSON.parse(body).errors[0]).to.include({
      title: 'Bad Request',
      detail: 'Bad format for TOS version',
    });
  });

  it('modify --onboarding-finished --disk-quota 5GB', async () => {
    const query = patchQuery({ DiskQuota: '5000000000', MagicLink: 'false', OnboardingFinished: 'true' });
    expect((await send(`PATCH /instances/${alice}?${query}`)).status).to.equal(200);
    expect(await stored()).to.include({ disk_quota: '5000000000', onboarding_finished: true });
  });

  it('set-disk-quota 0', async () => {
    const { status } = await send(`PATCH /instances/${alice}?${patchQuery({ DiskQuota: '-1' })}`);
    expect(status).to.equal(200);
    expect(await stored()).not.to.have.property('disk_quota');
  });

  it('auth-mode, and once more', async () => {
    const body = '{"auth_mode":"two_factor_mail"}';
    const first = await send(`POST /instances/${alice}/auth-mode`, body);
    expect(first).to.include({ status: 204, body: '' });
    const second = await send(`POST /instances/${alice}/auth-mode`, body);
    expect(second).to.include({
      status: 200,
      body: '"Instance has already two_factor_mail auth mode"\n',
    });
  });

  it('fsck prints the lines of the answer as they are', async () => {
    const { status, body } = await send(
      `GET /instances/${alice}/fsck?FailFast=true&FilesConsistency=false&IndexIntegrity=true`,
    );
    expect(status).to.equal(200);
    expect(body).to.match(/^\{[^\n]*\}\n$/);
  });

  it('token-cli', async () => {
    const { status, body } = await send(
      `POST /instances/token?Audience=cli&Domain=${alice}&Scope=io.cozy.apps+io.cozy.files&Subject=`,
    );
    expect(status).to.equal(200);
    expect(body).to.match(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const claims = JSON.parse(Buffer.from(body.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).to.deep.include({ iss: alice, aud: ['cli'], scope: 'io.cozy.apps io.cozy.files' });
    expect(claims).not.to.have.property('sub');
  });

  /** What a command sends to the public port, with a token that it has fetched before. */
  async function withToken(scope: string, line: string, body?: string): Promise<Answer> {
    const query = `Audience=cli&Domain=${alice}&Scope=${scope}&Subject=CLI`;
    const { body: token } = await send(`POST /instances/token?${query}`);
    const ofBody = [`Content-Length: ${Buffer.byteLength(body ?? '')}`, 'Content-Type: application/json'];
    return await rawRequest(
      web.publicPort,
      [
        `${line} HTTP/1.1`,
        `Host: ${alice}`,
        'User-Agent: go-cozy-client',
        `Authorization: Bearer ${token}`,
        ...(body === undefined ? [] : ofBody),
        'Accept-Encoding: gzip',
        'Connection: close',
      ],
      body,
    );
  }

  it('add --apps, apps ls and set-passphrase, which want a stack, get an error that can be printed', async () => {
    await until('the host is known', async () => (await get(web.publicPort, alice)).status === 200);
    for (const answer of [
      await withToken('io.cozy.apps', 'GET /apps/'),
      await withToken('io.cozy.settings', 'PUT /settings/passphrase', '{"new_passphrase":"pw","force":true}'),
    ]) {
      // A list of applications without `data` in an answer that is no error makes the command end in a panic.
      // 404 where it is in use, and 403 as long as the server still sees it waiting for its owner.
      expect(answer.status).to.be.oneOf([403, 404]);
      expect(answer.headers['content-type']).to.match(/^application\/json/);
      expect(JSON.parse(answer.body).errors[0]).to.include.keys('title', 'detail');
    }
  });

  it('what only a stack does: 404, in words that can be printed', async () => {
    for (const line of [
      `POST /instances/${alice}/debug?TTL=24h0m0s`,
      `GET /instances/${alice}/debug`,
      `POST /instances/oauth_client?AllowLoginScope=false&ClientName=n&Domain=${alice}&OnboardingApp=&OnboardingPermissions=&OnboardingSecret=&OnboardingState=&RedirectURI=http%3A%2F%2Fl%2Fcb&SoftwareID=s`,
      `GET /instances/oauth_client?domain=${alice}&software_id=s`,
      `POST /instances/${alice}/export?admin-req=false`,
      `POST /instances/${alice}/import?manifest_url=http%3A%2F%2Fx%2F`,
      `DELETE /instances/${alice}/sessions`,
      `GET /instances/${alice}/swift-prefix`,
      'GET /instances/with-app-version/s/1',
    ]) {
      const { status, body } = await send(line);
      expect(status, line).to.equal(404);
      expect(JSON.parse(body).errors[0].detail, line).to.equal('This server has no such route');
    }
  });

  it('features flags and sets', async () => {
    const flags = await send(`PATCH /instances/${alice}/feature/flags`, '{"a":true}');
    expect(flags).to.include({ status: 200, body: '{"a":true}\n' });
    const sets = await send(`PUT /instances/${alice}/feature/sets`, '["b","a"]');
    expect(sets).to.include({ status: 200, body: '["a","b"]\n' });
    expect((await send(`GET /instances/${alice}/feature/sets`)).body).to.equal('["a","b"]\n');
  });
});
