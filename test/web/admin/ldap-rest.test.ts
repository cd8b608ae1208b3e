import { expect } from 'chai';
import { Cleanup } from '../../support/cleanup.ts';
import { CLOUDERY_TOKEN, type CreationServer, startCreationServer } from '../../support/creation-server.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type RawAnswer, sendRecorded } from '../../support/recorded-request.ts';
import { until } from '../../support/until.ts';
import { OPERATOR_AUTHORIZATION, OPERATOR_PASSPHRASE } from '../../support/web.ts';

const COMMON = ['accept-encoding: gzip, deflate, br', 'user-agent: node-fetch'];

/** Its plug-in for single instances. */
const AS_COZY = ['accept: application/json', ...COMMON, `authorization: ${OPERATOR_AUTHORIZATION}`];

/** Its plug-in for files: no user, and no `accept` of its own. */
const AS_DRIVE = [
  'accept: */*',
  ...COMMON,
  `authorization: Basic ${Buffer.from(`:${OPERATOR_PASSPHRASE}`).toString('base64')}`,
];

/** Its plug-in for organizations, which talks to a manager. */
const AS_CLOUDERY = ['accept: */*', ...COMMON, `authorization: Bearer ${CLOUDERY_TOKEN}`];

describe('requests of linagora/ldap-rest', () => {
  const suite = new Cleanup();
  let fleet: TestFleet;
  let server: CreationServer;

  before(async () => {
    fleet = suite.add(await startTestFleet(), (each) => each.close());
    server = suite.add(await startCreationServer(fleet.config), (each) => each.close());
  });
  after(() => suite.run());

  function domainOf(name: string): string {
    return fleet.parse({ domain: fleet.domain(name) }).options.domain;
  }

  async function add(domain: string): Promise<RawAnswer> {
    const [id = '', ...organization] = domain.split('.');
    return await sendRecorded(server.url, [
      `POST /instances?Domain=${domain}&Locale=fr-FR&Email=bob%40example.org&PublicName=Bob&Phone=%2B33612345678&OrgID=org1&OrgDomain=${organization.join('.')}&ContextName=default&Apps=home%2Cdrive%2Csettings%2Cnotes%2Cdataproxy&OIDCID=${id} HTTP/1.1`,
      ...AS_COZY,
      'content-length: 0',
    ]);
  }

  it('make an instance', async () => {
    const domain = domainOf('bob');
    expect((await add(domain)).status).to.equal(201);
    expect(await fleet.instance(domain)).to.deep.include({
      locale: 'fr-FR',
      oidc_id: domain.split('.')[0],
      context: 'default',
      org_id: 'org1',
      org_domain: 'example.org',
    });
  });

  it('make one for a user of whom nothing is known but the name', async () => {
    const domain = domainOf('nobody');
    const answer = await sendRecorded(server.url, [
      `POST /instances?Domain=${domain}&Locale=fr&OrgDomain=example.org&ContextName=default&OIDCID=nobody HTTP/1.1`,
      ...AS_COZY,
      'content-length: 0',
    ]);
    expect(answer.status).to.equal(201);
  });

  it('take 409 for an instance that is there', async () => {
    const domain = domainOf('twice');
    expect((await add(domain)).status).to.equal(201);
    const { redis, keys } = fleet.fleet;
    await until('it is known that the answer went out', async () => {
      return (await redis.exists(keys.unanswered(domain))) === 0;
    });
    expect((await add(domain)).status).to.equal(409);
  });

  it('remove an instance, and take 404 for one that is gone', async () => {
    const domain = domainOf('removed');
    await add(domain);
    const remove = (head: readonly string[]) =>
      sendRecorded(server.url, [`DELETE /instances/${domain} HTTP/1.1`, ...head]);
    expect((await remove(AS_COZY)).status).to.equal(204);
    expect((await remove(AS_DRIVE)).status).to.equal(404);
  });

  it('make an instance for an organization, wait for it, find it and remove it', async () => {
    const fqdn = domainOf('claudeorg1');
    const [slug = '', ...rest] = fqdn.split('.');
    const body = JSON.stringify({
      email: 'bob@example.org',
      publicName: 'Bob',
      locale: 'fr-FR',
      oidc: slug,
      phone: '+33612345678',
      slug,
      public_name: 'Bob',
      offer: 'b2b_twake_default',
      domain: rest.join('.'),
      skip_email_validation: true,
      internal_email: 'bob@example.org',
      org_domain: 'example.org',
      org_id: 'org1',
    });
    const get = (path: string) => sendRecorded(server.url, [`GET ${path} HTTP/1.1`, ...AS_CLOUDERY]);
    const find = async () =>
      JSON.parse((await get(`/api/v2/instances?fqdn=${fqdn}&only=_id&limit=1`)).body).items;

    expect(await find()).to.deep.equal([]);
    const ordered = await sendRecorded(
      server.url,
      [
        'POST /api/v1/instances HTTP/1.1',
        ...AS_CLOUDERY,
        `content-length: ${Buffer.byteLength(body)}`,
        'content-type: application/json',
      ],
      body,
    );
    expect(ordered.status).to.equal(201);
    const { id, workflow } = JSON.parse(ordered.body);
    await until('it is made', async () => {
      return JSON.parse((await get(`/api/v1/workflows/${workflow}`)).body).status === 'succeeded';
    });
    expect(await find()).to.deep.equal([{ _id: id }]);
    const removed = await sendRecorded(server.url, [
      `DELETE /api/v1/instances/${id}?user_request=true HTTP/1.1`,
      ...AS_CLOUDERY,
    ]);
    expect(removed.status).to.equal(204);
    expect(await find()).to.deep.equal([]);
  });
});
