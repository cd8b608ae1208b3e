import { expect } from 'chai';
import { Cleanup } from '../../support/cleanup.ts';
import { type CreationServer, startCreationServer } from '../../support/creation-server.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { until } from '../../support/until.ts';
import { OPERATOR_AUTHORIZATION } from '../../support/web.ts';

const REGISTER_TOKEN = 'dG9rZW4=';

describe("Cloudery's API", () => {
  const suite = new Cleanup();
  let fleet: TestFleet;
  let server: CreationServer;

  before(async () => {
    fleet = suite.add(await startTestFleet(), (each) => each.close());
    server = suite.add(await startCreationServer(fleet.config), (each) => each.close());
  });
  after(() => suite.run());

  /** An order as ldap-rest sends it. */
  function orderOf(name: string): {
    readonly slug: string;
    readonly domain: string;
    readonly [member: string]: unknown;
  } {
    const [slug = '', ...rest] = fleet.parse({ domain: fleet.domain(name) }).options.domain.split('.');
    return {
      email: 'claude@example.org',
      publicName: 'Claude',
      locale: 'fr',
      oidc: slug,
      phone: '+33612345678',
      slug,
      public_name: 'Claude',
      offer: 'b2b_twake_default',
      domain: rest.join('.'),
      skip_email_validation: true,
      internal_email: 'claude@example.org',
      org_domain: 'example.org',
      org_id: 'org42',
    };
  }

  const fqdnOf = ({ slug, domain }: { readonly slug: string; readonly domain: string }) =>
    `${slug}.${domain}`;

  async function succeeded(workflow: string): Promise<void> {
    await until('the workflow has succeeded', async () => {
      return (await server.cloudery('GET', `/api/v1/workflows/${workflow}`)).json.status === 'succeeded';
    });
  }

  describe('admission', () => {
    const ask = async (authorization?: string) =>
      (await fetch(`${server.url}/api/v1/features`, { headers: authorization ? { authorization } : {} }))
        .status;

    it('takes the bearer token', async () => {
      expect((await server.cloudery('GET', '/api/v1/features')).status).to.equal(200);
    });

    it('refuses others, the admin passphrase too', async () => {
      expect(await ask()).to.equal(401);
      expect(await ask('Bearer other')).to.equal(401);
      expect(await ask('Bearer ')).to.equal(401);
      expect(await ask(OPERATOR_AUTHORIZATION)).to.equal(401);
    });

    it('is not there without a token in the configuration', async () => {
      const without = await startCreationServer(fleet.config, {});
      try {
        expect((await without.cloudery('GET', '/api/v1/features')).status).to.equal(404);
      } finally {
        await without.close();
      }
    });
  });

  it('makes an instance as it was ordered', async () => {
    const order = orderOf('ordered');
    const answer = await server.cloudery('POST', '/api/v1/instances', order);
    expect(answer.status).to.equal(201);
    expect(answer.json.fqdn).to.equal(fqdnOf(order));
    await succeeded(answer.json.workflow);
    const made = await fleet.instance(fqdnOf(order));
    expect(made).to.deep.include({
      uuid: answer.json.id,
      oidc_id: order.slug,
      locale: 'fr',
      org_domain: 'example.org',
      org_id: 'org42',
    });
    const [settings] = (await fleet.documents(fqdnOf(order), 'io.cozy.settings')).filter(
      ({ _id }) => _id === 'io.cozy.settings.instance',
    );
    expect(settings).to.include({
      email: 'claude@example.org',
      public_name: 'Claude',
      offer: 'b2b_twake_default',
    });
  });

  it('gives the same order the same workflow, while it is made and afterwards', async () => {
    const order = orderOf('same');
    await fleet.stopWorker();
    const first = await server.cloudery('POST', '/api/v1/instances', order);
    const second = await server.cloudery('POST', '/api/v1/instances', order);
    expect(second.json).to.deep.equal(first.json);
    await fleet.startWorker();
    await succeeded(first.json.workflow);
    expect((await server.cloudery('POST', '/api/v1/instances', order)).json).to.deep.equal(first.json);
  });

  it('refuses another order of the same name', async () => {
    const order = orderOf('other');
    await succeeded((await server.cloudery('POST', '/api/v1/instances', order)).json.workflow);
    const other = await server.cloudery('POST', '/api/v1/instances', { ...order, email: 'else@example.org' });
    expect(other.status).to.equal(409);
  });

  it('refuses an order that is none', async () => {
    const answer = await server.cloudery('POST', '/api/v1/instances', { slug: 'a' });
    expect(answer.status).to.equal(400);
    expect(answer.json.message).to.contain('domain');
    expect((await server.cloudery('POST', '/api/v1/instances', 'text')).status).to.equal(400);
  });

  it('finds nothing where an instance is only being made', async () => {
    const order = orderOf('being-made');
    const found = async () =>
      (await server.cloudery('GET', `/api/v2/instances?fqdn=${fqdnOf(order)}&only=_id&limit=1`)).json;
    let whileMade: unknown;
    fleet.beforeStage('databases', async () => {
      whileMade = await found();
    });
    const { json } = await server.cloudery('POST', '/api/v1/instances', order);
    expect((await server.cloudery('GET', `/api/v1/workflows/${json.workflow}`)).json.status).to.equal(
      'running',
    );
    await succeeded(json.workflow);
    expect(whileMade).to.deep.equal({ items: [] });
    expect(await found()).to.deep.equal({ items: [{ _id: json.id }] });
  });

  it('finds an instance without a uuid by the id of its document, and nobody by an alias', async () => {
    const [domain, alias] = [fleet.domain('no-uuid'), fleet.domain('no-uuid-alias')];
    const { _id } = await fleet.putInstance({
      domain,
      domain_aliases: [alias],
      register_token: REGISTER_TOKEN,
    });
    const find = async (fqdn: string) =>
      (await server.cloudery('GET', `/api/v2/instances?fqdn=${fqdn}`)).json;
    expect(await find(domain)).to.deep.equal({ items: [{ _id }] });
    expect(await find(alias)).to.deep.equal({ items: [] });
    expect((await server.cloudery('GET', `/api/v1/instances/${_id}`)).json).to.include({
      id: _id,
      fqdn: domain,
    });
  });

  it('tells of a workflow that failed', async () => {
    const order = orderOf('failed');
    await fleet.putInstance({ domain: fleet.domain('was-there'), old_domain: fqdnOf(order) });
    const { json } = await server.cloudery('POST', '/api/v1/instances', order);
    await until('it has failed', async () => {
      return (await server.cloudery('GET', `/api/v1/workflows/${json.workflow}`)).json.status === 'failed';
    });
  });

  it('knows no workflow that is none', async () => {
    for (const id of ['nothing', '00000000-0000-0000-0000-000000000000', '%00', '../..']) {
      const answer = await server.cloudery('GET', `/api/v1/workflows/${encodeURIComponent(id)}`);
      expect(answer.status, id).to.equal(404);
    }
  });

  it('removes an instance, and answers when it is gone', async () => {
    const order = orderOf('removed');
    const { json } = await server.cloudery('POST', '/api/v1/instances', order);
    await succeeded(json.workflow);
    const answer = await server.cloudery('DELETE', `/api/v1/instances/${json.id}?user_request=true`);
    expect(answer.status).to.equal(204);
    expect(await fleet.instance(fqdnOf(order))).to.equal(undefined);
    expect(
      (await server.cloudery('DELETE', `/api/v1/instances/${json.id}?user_request=true`)).status,
    ).to.equal(404);
  });

  it('removes nothing before its time', async () => {
    const uuid = 'moved-away';
    const domain = fleet.domain('moved');
    await fleet.putInstance({ domain, uuid, register_token: REGISTER_TOKEN });
    const inAMonth = Math.floor(Date.now() / 1000) + 30 * 24 * 3600;
    expect((await server.cloudery('DELETE', `/api/v1/instances/${uuid}?date=${inAMonth}`)).status).to.equal(
      501,
    );
    expect((await server.cloudery('DELETE', `/api/v1/instances/${uuid}?date=soon`)).status).to.equal(400);
    expect(await fleet.instance(domain)).not.to.equal(undefined);
  });

  it('removes nothing where two instances have one uuid', async () => {
    const uuid = 'twice';
    const domains = [fleet.domain('twin-1'), fleet.domain('twin-2')];
    for (const domain of domains) await fleet.putInstance({ domain, uuid, register_token: REGISTER_TOKEN });
    expect((await server.cloudery('DELETE', `/api/v1/instances/${uuid}`)).status).to.equal(409);
    for (const domain of domains) expect(await fleet.instance(domain)).not.to.equal(undefined);
  });

  it('notices that a uuid which it knew is shared by now', async () => {
    const uuid = 'known';
    await fleet.putInstance({ domain: fleet.domain('known-1'), uuid, register_token: REGISTER_TOKEN });
    expect((await server.cloudery('GET', `/api/v1/instances/${uuid}`)).status).to.equal(200);
    await fleet.putInstance({ domain: fleet.domain('known-2'), uuid, register_token: REGISTER_TOKEN });
    expect((await server.cloudery('DELETE', `/api/admin/instances/${uuid}`)).status).to.equal(409);
  });

  describe('called by a stack', () => {
    const uuid = 'of-a-stack';

    before(async () => {
      await fleet.putInstance({ domain: fleet.domain('stack'), uuid, register_token: REGISTER_TOKEN });
    });

    it('takes what it has written already, and writes nothing', async () => {
      const before = await fleet.instance(fleet.domain('stack'));
      const body = { locale: 'de', email: 'new@example.org', public_name: 'New' };
      const answer = await server.cloudery('PUT', `/api/v1/instances/${uuid}?source=stack`, body);
      expect(answer.status).to.equal(204);
      expect(await fleet.instance(fleet.domain('stack'))).to.deep.equal(before);
      expect((await server.cloudery('PUT', `/api/v1/instances/${uuid}`, body)).status).to.equal(501);
    });

    it('says that it sends no mails', async () => {
      expect((await server.cloudery('POST', `/api/v1/instances/${uuid}/resend`)).status).to.equal(501);
    });

    it('has no flags', async () => {
      const answer = await server.cloudery('GET', '/api/v1/features?sets=a,b&context=default');
      expect(answer.json).to.deep.equal({ flags: {} });
    });

    it('knows no instance that is none', async () => {
      for (const id of ['nobody', '_design%2Fdomain-and-aliases', '_local%2Fcozy-fleet']) {
        expect((await server.cloudery('GET', `/api/v1/instances/${id}`)).status, id).to.equal(404);
      }
    });
  });

  it('says in JSON that there is nothing else', async () => {
    const answer = await server.cloudery('GET', '/api/v3/anything');
    expect(answer.status).to.equal(404);
    expect(answer.json).to.have.property('error', 'Not Found');
  });
});
