import { expect } from 'chai';
import { listPlanAnswer, printListPlan } from '../../../src/cli/instances/list-plan.ts';
import type { ListPlan, SettledRow } from '../../../src/operations/instances/lists/plan-list.ts';
import { countPlan } from '../../../src/operations/plan/verdict.ts';

const unlisted = (row: number, domain: string): SettledRow => ({
  row,
  domain,
  verdict: { verdict: 'unlisted', code: 'unlisted', message: `no row is about ${domain}`, advice: '' },
});

const held = (row: number, domain: string): SettledRow => ({
  row,
  domain,
  verdict: { verdict: 'held', code: 'unreadable', message: 'odd', advice: '' },
});

const LISTED: readonly SettledRow[] = [
  { row: 2, domain: 'a.example.org', verdict: { verdict: 'same', fields: [] } },
  held(3, 'b.example.org'),
];

function planOf(settled: readonly SettledRow[]): ListPlan {
  const counts = countPlan(settled.map(({ verdict }) => ({ verdict, unknown: [] })));
  const scope = { pruned: 0, inScope: 0 };
  return {
    ...{ kind: 'mixed', name: 'list.csv', rate: undefined, counts, rows: [], settled, scope, doubts: [] },
    lastLine: 3,
  };
}

function printed(plan: ListPlan): { readonly lines: string[]; readonly notes: string[] } {
  const lines: string[] = [];
  const notes: string[] = [];
  printListPlan(plan, false, { line: (text) => lines.push(text), note: (text) => notes.push(text) });
  return { lines, notes };
}

describe('what a list would do, in words', () => {
  it('numbers what is on a row, and counts the instances on none by themselves', () => {
    const plan = planOf([...LISTED, unlisted(4, 'z.example.org'), unlisted(5, 'c.example.org')]);
    expect(printed(plan)).to.deep.equal({
      lines: [
        'mixed: 2 rows; 2 instances on no row, 0 with something to do; 1 same; 1 held; 2 unlisted',
        '3\tb.example.org\theld\tunreadable: odd',
        '-\tc.example.org\tunlisted\tno row is about c.example.org',
        '-\tz.example.org\tunlisted\tno row is about z.example.org',
      ],
      notes: [],
    });
  });

  it('gives no number to an instance on no row that somebody has to look at', () => {
    const { lines } = printed(planOf([...LISTED, held(4, 'odd.example.org')]));
    expect(lines.at(-1)).to.equal('-\todd.example.org\theld\tunreadable: odd');
  });

  it('names the first of many that are on no row, and all to a program', () => {
    const many = Array.from({ length: 368 }, (_, at) => unlisted(4 + at, `u${1000 + at}.example.org`));
    const plan = planOf([...LISTED, ...many.toReversed()]);
    const { lines, notes } = printed(plan);
    expect(lines.filter((line) => line.startsWith('-'))).to.have.length(20);
    expect(lines.at(-1)).to.contain('u1019.example.org');
    expect(notes).to.deep.equal(['348 more instances are on no row and stay as they are: --json names all.']);
    expect(listPlanAnswer(plan).rows).to.have.length(369);
  });
});
