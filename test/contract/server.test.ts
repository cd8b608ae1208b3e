import { expect } from 'chai';
import { couchUnderTest } from './couch-under-test.ts';

describe('contract: the server', () => {
  const couch = couchUnderTest();

  it('says that it is up', async () => {
    const { status, body } = await couch.get('_up');
    expect(status).to.equal(200);
    expect(body).to.include({ status: 'ok' });
  });

  it('says that it is up to those without credentials as well', async () => {
    expect((await couch.send('GET', '_up', undefined, '')).status).to.equal(200);
  });

  it('welcomes as CouchDB', async () => {
    const answer = await couch.get('');
    expect(answer.status).to.equal(200);
    expect(answer.text('couchdb')).to.equal('Welcome');
    expect(answer.text('version')).to.match(/^\d+\.\d+/);
  });

  it('refuses to list databases without credentials', async () => {
    const { status, body } = await couch.send('GET', '_all_dbs', undefined, '');
    expect(status).to.equal(401);
    expect(body).to.include({ error: 'unauthorized' });
  });

  it('refuses to make a database without credentials', async () => {
    const name = couch.newName();
    const { status } = await couch.send('PUT', encodeURIComponent(name), undefined, '');
    expect(status).to.equal(401);
  });

  it('refuses to show a database without credentials', async () => {
    const name = await couch.newDatabase();
    const { status, body } = await couch.send('GET', encodeURIComponent(name), undefined, '');
    expect(status).to.equal(401);
    expect(body).to.include({ error: 'unauthorized' });
  });

  it('tells who is in', async () => {
    const { body } = await couch.get('_session');
    expect(body).to.have.nested.property('userCtx.name', couch.server.user);
    expect(body).to.have.deep.nested.property('userCtx.roles', ['_admin']);
  });

  it('tells which nodes belong to it', async () => {
    const { status, body } = await couch.get('_membership');
    expect(status).to.equal(200);
    expect(body).to.have.property('cluster_nodes').that.is.an('array').with.length.above(0);
    expect(body).to.have.property('all_nodes').that.includes.members(Object(body).cluster_nodes);
  });

  it('tells about several databases at once', async () => {
    const name = await couch.newDatabase();
    const answer = await couch.post('_dbs_info', { keys: [name, 'contract-nowhere'] });
    expect(answer.status).to.equal(200);
    expect(answer.list()[0]).to.have.nested.property('info.db_name', name);
    expect(answer.list()[1]).to.deep.equal({ key: 'contract-nowhere', error: 'not_found' });
  });

  it('refuses a body that is no JSON', async () => {
    const name = await couch.newDatabase();
    const response = await fetch(`${couch.server.origin}/${encodeURIComponent(name)}/_bulk_docs`, {
      method: 'POST',
      headers: { authorization: couch.server.authorization, 'content-type': 'application/json' },
      body: '{"docs":',
    });
    expect(response.status).to.equal(400);
    expect(await response.json()).to.include({ error: 'bad_request' });
  });

  it('refuses a document that is not declared as JSON', async () => {
    const name = await couch.newDatabase();
    const response = await fetch(`${couch.server.origin}/${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { authorization: couch.server.authorization, 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(response.status).to.equal(415);
    expect(await response.json()).to.include({ error: 'bad_content_type' });
  });
});
