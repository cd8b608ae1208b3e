import { expect } from 'chai';
import type { Changes } from '../../../../src/couchdb/documents.ts';
import { CouchError } from '../../../../src/couchdb/errors.ts';
import { InputError } from '../../../../src/errors.ts';
import { changedSince } from '../../../../src/operations/instances/lists/instance-changes.ts';

describe('changes of instances since a list', () => {
  /** A server with so many changes, each of another document, whose sequences are their numbers. */
  function serverWith(total: number) {
    return {
      async changes(_database: string, since: string, limit: number): Promise<Changes> {
        const from = Number.parseInt(since, 10);
        const numbers = Array.from({ length: Math.max(0, total - from) }, (_, at) => from + at + 1);
        const page = numbers.slice(0, limit);
        const changes = page.map((number) => ({ id: `i${number}`, doc: { _id: `i${number}` } }));
        return { changes, lastSequence: `${page.at(-1) ?? total}-abc` };
      },
    };
  }

  async function codeOf(work: Promise<unknown>): Promise<unknown> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof InputError) return error.code;
      throw error;
    }
  }

  it('are read to their end, however many there are', async () => {
    const changed = await changedSince(serverWith(1_203), '2-abc', 'list.csv');
    expect(changed.size).to.equal(1_201);
    expect(changed.has('i2')).to.equal(false);
    expect(changed.has('i1203')).to.equal(true);
  });

  it('are none where nothing has changed', async () => {
    expect((await changedSince(serverWith(7), '7-abc', 'list.csv')).size).to.equal(0);
  });

  it('are unknown where the server has not come as far', async () => {
    expect(await codeOf(changedSince(serverWith(7), '9-abc', 'list.csv'))).to.equal('list_sequence');
  });

  it('are unknown where the server takes the sequence for none', async () => {
    const answer = { status: 400, error: 'bad_request', reason: 'Malformed sequence supplied' };
    const server = { changes: () => Promise.reject(new CouchError('couch', 'reading changes', answer)) };
    expect(await codeOf(changedSince(server, '9-abc', 'list.csv'))).to.equal('list_sequence');
  });
});
