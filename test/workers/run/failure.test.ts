import { expect } from 'chai';
import { CouchError } from '../../../src/couchdb/errors.ts';
import { FleetError } from '../../../src/errors.ts';
import { Refusal } from '../../../src/instances/errors.ts';
import { RagAway, StackBusy, StackRedisAway } from '../../../src/stack/errors.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { DatabaseStuck } from '../../../src/workers/create/databases.ts';
import { classify } from '../../../src/workers/run/failure.ts';

function couch(status: number | undefined, reason = '', error = ''): CouchError {
  return new CouchError('couch:5984', 'writing x', { status, error, reason });
}

describe('a failure', () => {
  const LOCKED = 'Account is temporarily locked due to multiple authentication failures';
  const table: readonly [string, CouchError, string][] = [
    ['no answer', couch(undefined, 'ECONNRESET'), 'unknown'],
    ['400', couch(400), 'final'],
    ['401', couch(401), 'outage'],
    ['403', couch(403, 'You are not a server admin.'), 'final'],
    ['403 of the account lockout', couch(403, LOCKED), 'outage'],
    ['404', couch(404), 'final'],
    ['409', couch(409), 'retry'],
    ['412', couch(412), 'final'],
    ['413', couch(413), 'final'],
    ['429', couch(429), 'overload'],
    ['500', couch(500, 'badarg'), 'retry'],
    ['500 all_dbs_active', couch(500, 'all_dbs_active'), 'overload'],
    ['500 all_dbs_active as the error', couch(500, 'x', 'all_dbs_active'), 'overload'],
    ['500 without shards', couch(500, 'No DB shards could be opened.', 'internal_server_error'), 'overload'],
    ['502', couch(502), 'retry'],
    ['503', couch(503), 'retry'],
    ['504', couch(504), 'retry'],
  ];

  for (const [name, error, kind] of table) {
    it(`of CouchDB with ${name} is: ${kind}`, () => {
      expect(classify(error)).to.deep.include({ kind, target: { kind: 'couchdb', host: 'couch:5984' } });
    });
  }

  it('of CouchDB that refuses our credentials is marked, so that it is probed rarely', () => {
    expect(classify(couch(401)).credentials).to.equal(true);
    expect(classify(couch(403, LOCKED)).credentials).to.equal(true);
    expect(classify(couch(500)).credentials).to.equal(false);
  });

  it('of CouchDB has its status in its code', () => {
    expect(classify(couch(409)).code).to.equal('couchdb_409');
    expect(classify(couch(undefined)).code).to.equal('couchdb');
  });

  it('of the storage is what the storage says, and is the storage’s', () => {
    const error = new StorageError('making /', Object.assign(new Error('x'), { code: 'ENOSPC' }), 'outage');
    expect(classify(error)).to.deep.include({ kind: 'outage', code: 'storage', target: { kind: 'storage' } });
  });

  it('of the stack is what it says, and holds nobody else back', () => {
    expect(classify(new StackBusy('locks:a/vfs', 'the files of the instance', 20_000))).to.include({
      kind: 'retry',
      code: 'stack_busy',
    });
    expect(classify(new RagAway('rag:8000', 'it answered 500'))).to.include({ kind: 'retry', code: 'rag' });
    expect(classify(new StackRedisAway('h:1', 'no connection'))).to.include({ kind: 'outage' });
    expect(classify(new StackBusy('locks:a/vfs', 'the files of the instance', 20_000))).not.to.have.property(
      'target',
    );
  });

  it('of a database that is neither there nor gone is tried again', () => {
    expect(classify(new DatabaseStuck('a/b', 'couch:5984'))).to.include({
      kind: 'retry',
      code: 'database_stuck',
    });
  });

  it('for want of Redis is an outage: it takes no writes now, is away, or did not answer', () => {
    const [readOnly, alone, full] = [
      "READONLY You can't write against a read only replica.",
      'NOREPLICAS Not enough good replicas to write.',
      'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
    ].map((text) => Object.assign(new Error(text), { name: 'ReplyError' }));
    for (const error of [
      readOnly,
      alone,
      full,
      new Error('Connection is closed.'),
      new Error('Command timed out'),
    ]) {
      expect(classify(error)).to.include({ kind: 'outage', code: 'redis_away' });
    }
    const refused = Object.assign(new Error('WRONGTYPE x'), { name: 'ReplyError' });
    expect(classify(refused)).to.include({ kind: 'retry', code: 'redis' });
  });

  it('that is a refusal is final, with its own code and advice', () => {
    const refusal = new Refusal('taken', 'it is taken', 'Choose another.');
    const wanted = { kind: 'final', code: 'taken', message: 'it is taken', advice: 'Choose another.' };
    expect(classify(refusal)).to.deep.include(wanted);
  });

  it('of ours is final', () => {
    expect(classify(new FleetError('busy', 'x'))).to.include({ kind: 'final', code: 'busy' });
  });

  it('of the program is final, and its text, which may hold anything, is not told', () => {
    const failure = classify(new TypeError('cannot read open sesame'));
    expect(failure).to.include({ kind: 'final', code: 'internal' });
    expect(JSON.stringify(failure)).to.include('TypeError').and.not.include('sesame');
  });

  it('that is no error at all is one of the program', () => {
    expect(classify('open sesame')).to.include({ code: 'internal' });
  });
});
