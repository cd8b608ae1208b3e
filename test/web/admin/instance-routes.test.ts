import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { send as sendTo } from '../../support/admin-client.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

const SECRETS = {
  passphrase_hash: 'aGFzaA==',
  session_secret: 'c2Vzc2lvbg==',
  oauth_secret: 'b2F1dGg=',
  cli_secret: 'Y2xp',
};

describe('reading instances by the admin API', function () {
  this.timeout(60_000);

  let fleet: TestFleet;
  let web: TestWeb;
  let alice: string;
  const domains: string[] = [];
  /** Ids that follow each other, also on a server with other instances. */
  const start = randomBytes(15).toString('hex');
  const idOf = (at: number) => `${start}0${at}`;

  const send = (line: string, options = {}) => sendTo(web.adminUrl, line, options);

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    web = await startTestWeb(fleet);
    alice = fleet.domain('alice');
    domains.push(alice);
    await fleet.putInstance({
      ...SECRETS,
      _id: idOf(0),
      domain: alice,
      domain_aliases: [fleet.domain('alias')],
      prefix: 'cozyabc',
      register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==',
      disk_quota: '50000000000',
      blocking_reason: '',
      moved: false,
    });
    for (const at of [1, 2, 3]) {
      const domain = fleet.domain(`other${at}`);
      domains.push(domain);
      await fleet.putInstance({ _id: idOf(at), domain });
    }
  });

  after(async () => {
    await web.close();
    await fleet.close();
  });

  it('shows an instance as a stack does, without its secrets', async () => {
    const { status, headers, json, text } = await send(`GET /instances/${alice}`);
    expect(status).to.equal(200);
    expect(headers.get('content-type')).to.match(/^application\/vnd\.api\+json\b/);
    expect(json.data).to.deep.include({ type: 'instances', id: idOf(0) });
    expect(json.data.links).to.deep.equal({ self: `/instances/${idOf(0)}` });
    expect(json.data.meta.rev).to.match(/^1-/);
    expect(json.data.attributes).to.deep.equal({
      domain: alice,
      domain_aliases: [fleet.domain('alias')],
      prefix: 'cozyabc',
      locale: 'en',
      password_defined: false,
      disk_quota: '50000000000',
      register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==',
    });
    for (const secret of Object.values(SECRETS)) expect(text).not.to.include(secret);
  });

  it('finds an instance by an alias, in any case', async () => {
    const { json } = await send(`GET /instances/${fleet.domain('alias').toUpperCase()}`);
    expect(json.data.attributes.domain).to.equal(alice);
  });

  it('says in the words of a stack that there is no such instance', async () => {
    const { status, json } = await send('GET /instances/nobody.example.org');
    expect(status).to.equal(404);
    expect(json).to.deep.equal({
      errors: [{ status: '404', title: 'Not Found', detail: 'Instance not found', source: {} }],
    });
  });

  it('says in the words of a stack that a domain is none', async () => {
    const { status, json } = await send('GET /instances/.hidden.example.org');
    expect(status).to.equal(422);
    expect(json.errors[0]).to.deep.equal({
      status: '422',
      title: 'Invalid Parameter',
      detail: 'Domain name contains illegal characters',
      source: { parameter: 'domain' },
    });
  });

  it('takes domains of any length that a name can have', async () => {
    const { status } = await send(`GET /instances/${'a'.repeat(240)}.example.org`);
    expect(status).to.equal(404);
    const longer = await send(`GET /instances/${'a'.repeat(2000)}.example.org`);
    expect(longer.status).to.be.within(400, 499);
    expect(longer.json.errors).to.have.length(1);
  });

  it('shows the prefix as a JSON text, which is the domain where there is none', async () => {
    expect(await send(`GET /instances/${alice}/prefix`)).to.include({ status: 200, json: 'cozyabc' });
    expect(await send(`GET /instances/${domains[1]}/prefix`)).to.include({ json: domains[1] });
  });

  describe('the list', () => {
    const idsOf = (json: { data: { id: string }[] }) => json.data.map(({ id }) => id);

    it('has all instances in the order of their ids, without a secret', async () => {
      const { json, text } = await send('GET /instances');
      expect(idsOf(json)).to.include.ordered.members([0, 1, 2, 3].map(idOf));
      expect(json.meta.count).to.equal(json.data.length);
      expect(json).not.to.have.property('links');
      for (const secret of Object.values(SECRETS)) expect(text).not.to.include(secret);
    });

    it('comes in pages, each with the address of the next', async () => {
      const first = await send(`GET /instances?page[limit]=2&page[cursor]=${idOf(0)}`);
      expect(idsOf(first.json)).to.deep.equal([idOf(0), idOf(1)]);
      expect(first.json.links.next).to.equal(`/instances?page[limit]=2&page[cursor]=${idOf(2)}`);
      const second = await send(`GET ${first.json.links.next}`);
      expect(idsOf(second.json).slice(0, 2)).to.deep.equal([idOf(2), idOf(3)]);
    });

    it('passes over as many as it is told to', async () => {
      const { json } = await send(
        `GET /instances?page%5Blimit%5D=1&page%5Bskip%5D=2&page[cursor]=${idOf(0)}`,
      );
      expect(idsOf(json)).to.deep.equal([idOf(2)]);
    });

    it('takes a limit that is no number for none', async () => {
      const { json } = await send('GET /instances?page[limit]=many');
      expect(json.data.length).to.be.at.least(4);
    });

    it('counts them', async () => {
      const { json } = await send('GET /instances');
      expect((await send('GET /instances/count')).json).to.deep.equal({ count: json.data.length });
    });
  });

  it('shows contexts without what would be a secret', async () => {
    const contexts = {
      beta: { manager_url: 'https://manager', api_token: 'hush', oidc: [{ client_secret: 'hush', id: 1 }] },
    };
    const other = await startTestWeb({ config: { ...fleet.config, contexts } });
    try {
      const { json } = await sendTo(other.adminUrl, 'GET /instances/contexts/beta');
      expect(json).to.deep.equal({
        config: { manager_url: 'https://manager', oidc: [{ id: 1 }] },
        context: 'beta',
        registries: [],
      });
      const all = await sendTo(other.adminUrl, 'GET /instances/contexts');
      expect(all.json.map(({ context }: { context: string }) => context)).to.have.members([
        'beta',
        'default',
      ]);
      expect((await sendTo(other.adminUrl, 'GET /instances/contexts/gamma')).status).to.equal(404);
    } finally {
      await other.close();
    }
  });
});
