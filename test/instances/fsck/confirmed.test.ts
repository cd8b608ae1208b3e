import { expect } from 'chai';
import { confirmed } from '../../../src/instances/fsck/confirmed.ts';

describe('findings that are looked at twice', () => {
  async function found(looks: string[][], stillWorthIt = true): Promise<{ lines: string[]; left: number }> {
    async function* look() {
      yield* looks.shift() ?? [];
    }
    const lines: string[] = [];
    for await (const line of confirmed(look, () => Promise.resolve(stillWorthIt))) lines.push(line);
    return { lines, left: looks.length };
  }

  it('are those of both looks, in the order of the second', async () => {
    const { lines } = await found([
      ['a', 'b', 'gone'],
      ['new', 'b', 'a'],
    ]);
    expect(lines).to.deep.equal(['b', 'a']);
  });

  it('cost one look where it finds nothing', async () => {
    expect(await found([[], ['a']])).to.deep.equal({ lines: [], left: 1 });
  });

  it('are none where there is nothing left to look at', async () => {
    expect(await found([['a'], ['a']], false)).to.deep.equal({ lines: [], left: 1 });
  });
});
