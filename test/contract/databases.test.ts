import { expect } from 'chai';
import { at, couchUnderTest } from './couch-under-test.ts';

describe('contract: databases', () => {
  const couch = couchUnderTest();

  it('makes a database whose name has a slash', async () => {
    const { status, body } = await couch.put(at(couch.newName('io-cozy-files')));
    expect(status).to.equal(201);
    expect(body).to.deep.equal({ ok: true });
  });

  it('answers 412 for a database that is there', async () => {
    const name = await couch.newDatabase();
    const { status, body } = await couch.put(at(name));
    expect(status).to.equal(412);
    expect(body).to.deep.equal({
      error: 'file_exists',
      reason: 'The database could not be created, the file already exists.',
    });
  });

  it('keeps apart names that differ in a slash and a dash', async () => {
    const name = couch.newName('io/cozy');
    const other = couch.newName('io-cozy');
    expect((await couch.put(at(name))).status).to.equal(201);
    expect((await couch.put(at(other))).status).to.equal(201);
    expect((await couch.get(at(name))).body).to.include({ db_name: name });
  });

  it('takes every character that a name may have', async () => {
    const name = couch.newName('a_$()+-/z09');
    expect((await couch.put(at(name))).status).to.equal(201);
    expect((await couch.get(at(name))).body).to.include({ db_name: name });
  });

  for (const name of ['Upper', '1digit', '_own', 'dotted.name', 'spa ce', 'ümlaut']) {
    it(`refuses the name "${name}"`, async () => {
      const { status, body } = await couch.put(at(name));
      expect(status).to.equal(400);
      expect(body).to.include({ error: 'illegal_database_name' });
    });
  }

  it('takes shard and replica numbers', async () => {
    expect((await couch.put(`${at(couch.newName())}?q=1&n=1`)).status).to.equal(201);
  });

  it('shows a new database as empty', async () => {
    const name = await couch.newDatabase();
    const { status, body } = await couch.get(at(name));
    expect(status).to.equal(200);
    expect(body).to.include({ db_name: name, doc_count: 0 });
  });

  it('counts documents', async () => {
    const name = await couch.newDatabase();
    await couch.put(at(name, 'one'), {});
    expect((await couch.get(at(name))).body).to.include({ doc_count: 1 });
  });

  it('answers HEAD for a database that is there', async () => {
    const name = await couch.newDatabase();
    expect((await couch.send('HEAD', at(name))).status).to.equal(200);
  });

  it('answers 404 for a database that is not there', async () => {
    const { status, body } = await couch.get(at(couch.newName()));
    expect(status).to.equal(404);
    expect(body).to.deep.equal({ error: 'not_found', reason: 'Database does not exist.' });
  });

  it('answers 404 for a document of a database that is not there', async () => {
    const { status, body } = await couch.get(at(couch.newName(), 'doc'));
    expect(status).to.equal(404);
    expect(body).to.deep.equal({ error: 'not_found', reason: 'Database does not exist.' });
  });

  it('answers 404 for writing to a database that is not there', async () => {
    const { status } = await couch.post(at(couch.newName(), '_bulk_docs'), { docs: [{ _id: 'a' }] });
    expect(status).to.equal(404);
  });

  it('deletes a database', async () => {
    const name = await couch.newDatabase();
    const { status, body } = await couch.delete(at(name));
    expect(status).to.equal(200);
    expect(body).to.deep.equal({ ok: true });
    expect((await couch.eventually(() => couch.get(at(name)), 404)).status).to.equal(404);
  });

  it('answers 404 for deleting what is not there', async () => {
    const { status, body } = await couch.delete(at(couch.newName()));
    expect(status).to.equal(404);
    expect(body).to.deep.equal({ error: 'not_found', reason: 'Database does not exist.' });
  });

  it('makes a database anew after deleting it, and empty', async () => {
    const name = await couch.newDatabase();
    await couch.put(at(name, 'old'), {});
    await couch.delete(at(name));
    const { status } = await couch.eventually(() => couch.put(at(name)), 201);
    expect(status).to.equal(201);
    const left = await couch.eventually(() => couch.get(at(name, 'old')), 404);
    expect(left.status).to.equal(404);
  });

  it('lets only one of many make the same database', async () => {
    const name = couch.newName();
    const answers = await Promise.all(Array.from({ length: 8 }, () => couch.put(at(name))));
    const statuses = answers.map(({ status }) => status);
    // A real server may answer 500 to a loser.
    const tolerated = couch.server.real ? [201, 412, 500] : [201, 412];
    expect(statuses.filter((status) => status === 201)).to.have.length(1);
    expect(statuses.every((status) => tolerated.includes(status))).to.equal(true);
  });

  it('makes 16 databases in parallel', async () => {
    const names = Array.from({ length: 16 }, () => couch.newName());
    const answers = await Promise.all(names.map((name) => couch.put(at(name))));
    expect(answers.map(({ status }) => status)).to.deep.equal(names.map(() => 201));
  });
});
