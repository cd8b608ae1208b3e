import { expect } from 'chai';
import { type EmbeddedCouch, startEmbeddedCouch } from '../../../src/embedded/couchdb/server.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { basic, request } from './couch-request.ts';

describe('embedded CouchDB: authentication', () => {
  let directory: TemporaryDirectory;
  let couch: EmbeddedCouch;

  before(async () => {
    directory = await temporaryDirectory('couch-auth');
    couch = await startEmbeddedCouch({
      port: 0,
      dataDir: directory.path,
      user: 'admin',
      password: 'pass:wörd',
    });
  });

  after(async () => {
    await couch.close();
    await directory.remove();
  });

  it('refuses a wrong password', async () => {
    const wrong = { origin: couch.url, authorization: basic('admin', 'wrong') };
    expect(await request(wrong, 'GET', '_all_dbs')).to.deep.equal({
      status: 401,
      body: { error: 'unauthorized', reason: 'Name or password is incorrect.' },
    });
  });

  it('refuses a wrong password even where none is needed', async () => {
    const wrong = { origin: couch.url, authorization: basic('admin', 'wrong') };
    expect((await request(wrong, 'GET', '_up')).status).to.equal(401);
  });

  it('refuses an unknown user', async () => {
    const wrong = { origin: couch.url, authorization: basic('root', 'pass:wörd') };
    expect((await request(wrong, 'GET', '_all_dbs')).status).to.equal(401);
  });

  it('takes a password with a colon and beyond ASCII', async () => {
    const right = { origin: couch.url, authorization: basic('admin', 'pass:wörd') };
    expect((await request(right, 'GET', '_all_dbs')).status).to.equal(200);
  });

  it('has no credentials in its URL', () => {
    expect(couch.url).to.equal(`http://127.0.0.1:${couch.port}`);
  });

  it('opens a session to a form, whose cookie then lets in', async () => {
    const opened = await fetch(`${couch.url}/_session`, {
      method: 'POST',
      body: new URLSearchParams({ name: 'admin', password: 'pass:wörd' }),
    });
    expect(await opened.json()).to.deep.equal({ ok: true, name: 'admin', roles: ['_admin'] });
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
    const listed = await fetch(`${couch.url}/_all_dbs`, { headers: { cookie } });
    expect(listed.status).to.equal(200);
  });

  it('opens no session to a wrong password', async () => {
    const { status } = await fetch(`${couch.url}/_session`, {
      method: 'POST',
      body: new URLSearchParams({ name: 'admin', password: 'wrong' }),
    });
    expect(status).to.equal(401);
  });

  it('does not take an invented cookie', async () => {
    const listed = await fetch(`${couch.url}/_all_dbs`, { headers: { cookie: 'AuthSession=abc' } });
    expect(listed.status).to.equal(401);
  });

  describe('with the lockout of CouchDB', () => {
    let locking: EmbeddedCouch;
    let own: TemporaryDirectory;
    let at: (password: string) => { readonly origin: string; readonly authorization: string };

    beforeEach(async () => {
      own = await temporaryDirectory('couch-lockout');
      locking = await startEmbeddedCouch({
        port: 0,
        dataDir: own.path,
        user: 'admin',
        password: 'right',
        lockout: true,
      });
      at = (password) => ({ origin: locking.url, authorization: basic('admin', password) });
    });

    afterEach(async () => {
      await locking.close();
      await own.remove();
    });

    const LOCKED = {
      status: 403,
      body: {
        error: 'forbidden',
        reason: 'Account is temporarily locked due to multiple authentication failures',
      },
    };

    it('refuses the right password too after five wrong ones', async () => {
      for (let time = 0; time < 4; time += 1) await request(at('wrong'), 'GET', '_all_dbs');
      expect((await request(at('right'), 'GET', '_all_dbs')).status).to.equal(200);
      expect((await request(at('wrong'), 'GET', '_all_dbs')).status).to.equal(401);
      expect(await request(at('wrong'), 'GET', '_all_dbs')).to.deep.equal(LOCKED);
      expect(await request(at('right'), 'GET', '_session')).to.deep.equal(LOCKED);
    });

    it('counts no user that there is not', async () => {
      const unknown = { origin: locking.url, authorization: basic('root', 'wrong') };
      for (let time = 0; time < 6; time += 1) await request(unknown, 'GET', '_all_dbs');
      expect((await request(at('right'), 'GET', '_all_dbs')).status).to.equal(200);
    });

    it('begins anew with another password', async () => {
      for (let time = 0; time < 4; time += 1) await request(at('wrong'), 'GET', '_all_dbs');
      const changed = await request(at('right'), 'PUT', '_node/_local/_config/admins/admin', 'new');
      expect(changed.status).to.equal(200);
      for (let time = 0; time < 4; time += 1) {
        expect((await request(at('right'), 'GET', '_all_dbs')).status).to.equal(401);
      }
      expect((await request(at('new'), 'GET', '_all_dbs')).status).to.equal(200);
    });
  });

  it('answers nobody without credentials where a valid user is required', async () => {
    const own = await temporaryDirectory('couch-valid-user');
    const options = { port: 0, dataDir: own.path, user: 'admin', password: 'right', requireValidUser: true };
    const strict = await startEmbeddedCouch(options);
    const answer = await fetch(`${strict.url}/_up`);
    expect(answer.status).to.equal(401);
    expect(await answer.json()).to.deep.equal({ error: 'unauthorized', reason: 'Authentication required.' });
    await strict.close();
    await own.remove();
  });
});
