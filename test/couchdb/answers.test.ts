import { expect } from 'chai';
import { z } from 'zod';
import {
  type AnswerResult,
  bulkRows,
  changesPage,
  databaseNames,
  documentRows,
  type ExpectedAnswer,
  readExchange,
  viewRows,
} from '../../src/couchdb/answers.ts';
import type { Exchange } from '../../src/couchdb/transport.ts';

function exchange(status: number, body: unknown): Exchange {
  const length = body === undefined ? 0 : JSON.stringify(body).length;
  return { status, body, length, type: 'application/json', retryAfter: undefined };
}

function read<T>(status: number, body: unknown, expected: ExpectedAnswer<T>): AnswerResult<T> {
  return readExchange(exchange(status, body), expected);
}

/** The status that somebody else than CouchDB must have answered, or undefined. */
function foreign<T>(reading: AnswerResult<T>): number | undefined {
  return 'refused' in reading ? reading.refused.foreignStatus : undefined;
}

const anything: ExpectedAnswer<unknown> = { schema: z.unknown() };

const row = { id: 'a', key: 'a', value: { rev: '1-a' } };

describe('an answer of CouchDB', () => {
  it('may say that a write was accepted, and not yet by a quorum', () => {
    const rows = [{ ok: true, id: 'a', rev: '1-a', accepted: true }];
    expect(read(202, rows, bulkRows([{ _id: 'a' }]))).to.have.property('value');
  });

  it('to many documents has a row for each, in their order', () => {
    const [a, b] = [
      { ok: true, id: 'a', rev: '1-a' } as const,
      { id: 'b', error: 'conflict', reason: '' } as const,
    ];
    const asked = bulkRows([{ _id: 'a' }, { _id: 'b' }]);
    expect(read(201, [a, b], asked)).to.have.property('value');
    for (const rows of [[a], [b, a], [a, b, a], [], [a, { id: 'b' }]])
      expect(foreign(read(201, rows, asked))).to.equal(201);
  });

  it('to many documents of which none could be stored says so row by row', () => {
    const rows = [{ id: 'a', error: 'error', reason: 'all_dbs_active' }];
    const reading = read(500, rows, bulkRows([{ _id: 'a' }]));
    expect(reading).to.deep.include({
      refused: { status: 500, error: 'error', reason: 'all_dbs_active', retryAfter: undefined },
    });
    expect(foreign(read(500, [], bulkRows([])))).to.equal(500);
    expect(foreign(read(500, [{ ok: true, id: 'a', rev: '1-a' }], bulkRows([{ _id: 'a' }])))).to.equal(500);
  });

  it('to keys has a row for each, in their order, and says of those that are not there', () => {
    const missing = { key: 'b', error: 'not_found' };
    const query = { keys: ['a', 'b'] };
    expect(read(200, { rows: [row, missing] }, documentRows(query))).to.have.property('value');
    for (const rows of [[row], [missing, row], [row, { key: 'b', error: 'timeout' }]]) {
      expect(foreign(read(200, { rows }, documentRows(query)))).to.equal(200);
    }
  });

  it('to a view has no row that is an error', () => {
    expect(foreign(read(200, { rows: [{ key: 'b', error: 'not_found' }] }, viewRows({})))).to.equal(200);
  });

  it('with documents has one in each row, or a null for one that is gone', () => {
    const [whole, gone] = [
      { ...row, doc: { _id: 'a', _rev: '1-a' } },
      { ...row, doc: null },
    ];
    expect(read(200, { rows: [whole, gone] }, viewRows({ includeDocs: true }))).to.have.property('value');
    expect(foreign(read(200, { rows: [row] }, viewRows({ includeDocs: true })))).to.equal(200);
  });

  it('has no more rows than were asked for', () => {
    expect(foreign(read(200, { rows: [row, row] }, viewRows({ limit: 1 })))).to.equal(200);
  });

  it('names only databases that were asked for', () => {
    expect(read(200, ['ab/c'], databaseNames('ab/'))).to.deep.equal({ value: ['ab/c'] });
    expect(foreign(read(200, ['b/c'], databaseNames('ab/')))).to.equal(200);
  });

  it('with changes has the document of each, of those that were deleted too', () => {
    const change = { seq: '1-x', id: 'a', changes: [{ rev: '1-a' }] };
    const page = { results: [{ ...change, doc: { _id: 'a' } }], last_seq: '1-x', pending: 0 };
    expect(read(200, page, changesPage)).to.have.property('value');
    for (const results of [[change], [{ ...change, doc: null }]]) {
      expect(foreign(read(200, { ...page, results }, changesPage))).to.equal(200);
    }
  });

  it('that it refuses is in its own words, which other servers do not have', () => {
    const own = read(404, { error: 'not_found', reason: 'missing' }, anything);
    expect(own).to.have.nested.property('refused.status', 404);
    for (const body of [
      { error: 'Not Found', status: 404 },
      { error: 'nope', reason: 'x' },
      { message: 'no' },
      [],
      undefined,
    ]) {
      expect(foreign(read(404, body, anything))).to.equal(404);
    }
  });
});
