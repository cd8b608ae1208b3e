import { expect } from 'chai';
import { Cleanup } from '../../support/cleanup.ts';
import { type CreationServer, startCreationServer } from '../../support/creation-server.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { sendRecorded } from '../../support/recorded-request.ts';
import { OPERATOR_PASSPHRASE } from '../../support/web.ts';

const HEAD = [
  'User-Agent: go-cozy-client',
  `Authorization: Basic ${Buffer.from(`:${OPERATOR_PASSPHRASE}`).toString('base64')}`,
  'Accept-Encoding: gzip',
];

describe("requests of the stack's own command that make and destroy", () => {
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

  const send = (line: string) => sendRecorded(server.url, [`${line} HTTP/1.1`, ...HEAD]);

  it('make an instance without any flag', async () => {
    const domain = domainOf('plain');
    const { status, body } = await send(
      `POST /instances?Apps=&ContextName=&CouchCluster=-1&DiskQuota=0&Domain=${domain}&Email=&FranceConnectID=&KdfIterations=0&Locale=&OIDCID=&OldDomain=&Passphrase=&Phone=&PublicName=&Settings=&SwiftLayout=-1&TOSSigned=&Timezone=&UUID=`,
    );
    expect(status).to.equal(201);
    const made = await fleet.instance(domain);
    expect(JSON.parse(body).data.attributes.register_token).to.equal(made?.register_token);
    expect(made).to.include({ locale: 'en' }).and.not.to.have.any.keys('disk_quota', 'uuid', 'context');
  });

  it('make an instance with every flag', async () => {
    const domain = domainOf('full');
    const alias = fleet.domain('full-alias');
    const { status } = await send(
      `POST /instances?Apps=&ContextName=beta&CouchCluster=-1&DiskQuota=50000000000&Domain=${domain}&DomainAliases=${alias}%2C&Email=full%40example.org&FranceConnectID=fc1&KdfIterations=0&Locale=fr-FR&MagicLink=true&OIDCID=o1&OldDomain=&Passphrase=cozy&Phone=%2B33612345678&PublicName=Full&Settings=offer%3Afreemium%2Ca%3Ab&Sponsorships=springfield&SwiftLayout=-1&TOSSigned=20180716&Timezone=Europe%2FParis&Trace=true&UUID=u1`,
    );
    expect(status).to.equal(201);
    expect(await fleet.instance(domain)).to.deep.include({
      domain_aliases: [alias],
      context: 'beta',
      disk_quota: '50000000000',
      franceconnect_id: 'fc1',
      oidc_id: 'o1',
      uuid: 'u1',
      locale: 'fr-FR',
      magic_link: true,
      sponsorships: ['springfield'],
      tos: '1.0.0-20180716',
      onboarding_finished: true,
      password_defined: true,
    });
    const documents = await fleet.documents(domain, 'io.cozy.settings');
    expect(documents.find(({ _id }) => _id === 'io.cozy.settings.instance')).to.include({
      offer: 'freemium',
      a: 'b',
      tz: 'Europe/Paris',
      public_name: 'Full',
    });
  });

  it('destroy an instance', async () => {
    const domain = domainOf('destroyed');
    await fleet.create({ domain });
    const { status, body } = await send(`DELETE /instances/${domain}`);
    expect({ status, body }).to.deep.equal({ status: 204, body: '' });
  });
});
