import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { send as sendTo } from '../../support/admin-client.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

const CLIENTS = 'io.cozy.oauth.clients';

describe('tokens', function () {
  this.timeout(60_000);

  let fleet: TestFleet;
  let web: TestWeb;
  let domain: string;
  let prefix: string;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    web = await startTestWeb(fleet);
    domain = fleet.domain('tokens');
    prefix = `cozy${domain.slice(0, 20).replace(/\W/g, '')}`;
    await fleet.putInstance({
      domain,
      prefix,
      cli_secret: Buffer.from('of the command line').toString('base64'),
      oauth_secret: Buffer.from('of oauth').toString('base64'),
      session_secret: Buffer.from('of sessions').toString('base64'),
      register_token: 'dG9rZW4=',
    });
  });

  after(async () => {
    await fleet.server.deleteDatabase(databaseName(prefix, CLIENTS));
    await web.close();
    await fleet.close();
  });

  const ask = (query: string) => sendTo(web.adminUrl, `POST /instances/token?Domain=${domain}&${query}`);

  /** What a token says, whose signature is checked with that key. */
  function read(token: string, key: string): Record<string, unknown> {
    const [header = '', claims = '', signature] = token.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).to.deep.equal({
      alg: 'HS512',
      typ: 'JWT',
    });
    const expected = createHmac('sha512', key).update(`${header}.${claims}`).digest('base64url');
    expect(signature).to.equal(expected);
    return JSON.parse(Buffer.from(claims, 'base64url').toString());
  }

  const now = () => Date.now() / 1000;

  it('are signed for the command line', async () => {
    const { status, text, headers } = await ask('Subject=CLI&Audience=cli&Scope=io.cozy.apps+io.cozy.files');
    expect(status).to.equal(200);
    expect(headers.get('content-type')).to.match(/^text\/plain/);
    const { iat, ...claims } = read(text, 'of the command line');
    expect(claims).to.deep.equal({
      iss: domain,
      sub: 'CLI',
      aud: ['cli'],
      scope: 'io.cozy.apps io.cozy.files',
    });
    expect(Number(iat)).to.be.closeTo(now(), 5);
  });

  it('are signed for applications and konnectors', async () => {
    const app = read((await ask('Subject=drive&Audience=webapp')).text, '2:of sessions');
    expect(app).to.deep.include({ sub: 'drive', aud: ['app'] });
    expect(app).not.to.have.property('scope');
    const konnector = read((await ask('Subject=k&Audience=konnector')).text, '2:of sessions');
    expect(konnector).to.deep.include({ aud: ['konn'] });
  });

  it('are issued so early or late that they end when they should', async () => {
    const { iat } = read((await ask('Subject=drive&Audience=app&Expire=1h')).text, '2:of sessions');
    expect(Number(iat)).to.be.closeTo(now() + 3600 - 24 * 3600, 5);
    const usual = read((await ask('Subject=drive&Audience=app&Expire=0s')).text, '2:of sessions');
    expect(Number(usual['iat'])).to.be.closeTo(now(), 5);
  });

  it('of OAuth are only for clients that are there, which count as confirmed then', async () => {
    expect((await ask('Subject=c1&Audience=access-token')).status).to.equal(404);
    const database = databaseName(prefix, CLIENTS);
    await fleet.server.createDatabase(database);
    await fleet.server.putDocument(database, { _id: 'c1', client_name: 'one', pending: true });
    expect((await ask('Subject=c2&Audience=access-token')).status).to.equal(404);
    expect((await ask('Subject=..%2F..%2F_users&Audience=access-token')).status).to.equal(404);
    const access = read((await ask('Subject=c1&Audience=access-token&Scope=files')).text, 'of oauth');
    expect(access).to.deep.include({ sub: 'c1', aud: ['access'] });
    expect(read((await ask('Subject=c1&Audience=refresh-token')).text, 'of oauth')).to.deep.include({
      aud: ['refresh'],
    });
    const client = await fleet.server.getDocument(database, 'c1');
    expect(client).to.include({ client_name: 'one' }).and.not.have.property('pending');
  });

  it('are refused for an unknown audience and for an unknown instance', async () => {
    expect((await ask('Subject=CLI&Audience=toString')).status).to.equal(400);
    const other = await sendTo(web.adminUrl, 'POST /instances/token?Domain=nobody.example.org&Audience=cli');
    expect(other.status).to.equal(404);
  });

  it('are never signed with an empty key', async () => {
    const bare = fleet.domain('bare');
    await fleet.putInstance({ domain: bare, register_token: 'dG9rZW4=' });
    const { status } = await sendTo(web.adminUrl, `POST /instances/token?Domain=${bare}&Audience=cli`);
    expect(status).to.equal(409);
  });
});
