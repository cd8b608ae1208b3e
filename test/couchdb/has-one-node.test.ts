import { expect } from 'chai';
import type { ExpectedAnswer } from '../../src/couchdb/answers.ts';
import { CouchError } from '../../src/couchdb/errors.ts';
import { createHasOneNode } from '../../src/couchdb/has-one-node.ts';

describe('whether a server is a cluster of one node', () => {
  let asked: string[];

  beforeEach(() => {
    asked = [];
  });

  /** A server that answers as a cluster does. @param connected nodes that are there @param members nodes that belong to it */
  function clusterOf(connected: readonly string[], members: readonly string[]) {
    return {
      async ask<T>(path: string, { schema }: ExpectedAnswer<T>): Promise<T> {
        asked.push(path);
        return schema.parse({ all_nodes: connected, cluster_nodes: members });
      },
    };
  }

  for (const [what, connected, members, expected] of [
    ['it has one member, which is there', ['a'], ['a'], true],
    ['it has several', ['a', 'b', 'c'], ['a', 'b', 'c'], false],
    ['others of its members are away', ['a'], ['a', 'b', 'c'], false],
    ['another node is connected that does not belong to it yet', ['a', 'b'], ['a'], false],
    ['it names nobody', [], [], false],
  ] as const) {
    it(`is ${expected} where ${what}`, async () => {
      expect(await createHasOneNode()(clusterOf(connected, members))).to.equal(expected);
      expect(asked).to.deep.equal(['/_membership']);
    });
  }

  it('is false where it may not be asked', async () => {
    const refused = { status: 403, error: 'forbidden', reason: 'no' };
    const server = { ask: () => Promise.reject(new CouchError('db', 'asking', refused)) };
    expect(await createHasOneNode()(server)).to.equal(false);
  });

  it('is asked of each server, and again after a minute', async () => {
    let now = 0;
    const hasOneNode = createHasOneNode(() => now);
    const [one, several] = [clusterOf(['a'], ['a']), clusterOf(['a', 'b'], ['a', 'b'])];
    expect([await hasOneNode(one), await hasOneNode(several)]).to.deep.equal([true, false]);
    now = 59_000;
    expect([await hasOneNode(one), await hasOneNode(several)]).to.deep.equal([true, false]);
    expect(asked).to.have.length(2);
    now = 60_000;
    await hasOneNode(one);
    expect(asked).to.have.length(3);
  });
});
