import { expect } from 'chai';
import { chartOf } from '../../../bench/report/chart.ts';
import { roundText, summaryText } from '../../../bench/report/rounds-text.ts';
import { type Measure, summarize } from '../../../bench/report/summary.ts';
import type { Figures } from '../../../bench/rounds/measure.ts';
import type { Round } from '../../../bench/rounds/run-rounds.ts';

function figures(ms: number, cpu: Figures['cpu'], serverUntilIdle: number | null): Figures {
  return { ms, requests: 32, cpu, serverUntilIdle, stages: {} };
}

const FIRST: Round = {
  operation: 'create',
  number: 1,
  first: 'raw',
  sides: {
    raw: figures(100, { server: 180, client: 10 }, 200),
    queue: figures(125, { server: 200, worker: 12, redis: 3, client: 5 }, 230),
  },
};

const SECOND: Round = {
  operation: 'create',
  number: 2,
  first: 'queue',
  sides: {
    raw: figures(80, { server: 190, client: 10 }, 200),
    queue: figures(100, { server: 190, worker: 13, redis: 3, client: 4 }, 230),
  },
};

const ROUNDS: readonly Round[] = [FIRST, SECOND];

/** The second round on a server that does not tell what it takes. */
const BLIND: Round = { ...SECOND, sides: { raw: figures(80, { server: null, client: 10 }, null) } };

describe('the summary of rounds', () => {
  function find(rounds: readonly Round[], side: string, name: string, unit: Measure['unit']) {
    const found = summarize(rounds).find((summary) => summary.side === side);
    return found?.measures.find((measure) => measure.name === name && measure.unit === unit)?.value;
  }

  it('compares throughput within each round', () => {
    expect(find(ROUNDS, 'queue', 'throughput', 'times raw')?.median).to.be.closeTo(0.8, 1e-9);
  });

  it('adds up all processes of a side', () => {
    expect(find(ROUNDS, 'queue', 'CPU together', 'ms')?.median).to.equal(215);
  });

  it('counts what the server does until it is idle in place of what it did until the end', () => {
    expect(find(ROUNDS, 'raw', 'CPU until idle', 'ms')?.median).to.equal(210);
  });

  it('compares the worker with the raw client', () => {
    expect(find(ROUNDS, 'queue', "CPU worker by raw's client", 'times raw')?.median).to.equal(1.25);
  });

  it('says that a sum is not known where one process was not known in one round', () => {
    expect(find([FIRST, BLIND], 'raw', 'CPU together', 'ms')).to.equal(undefined);
  });

  it('has no ratio without the raw requests', () => {
    const alone = ROUNDS.map((round) => ({
      ...round,
      sides: round.sides.queue === undefined ? {} : { queue: round.sides.queue },
    }));
    expect(find(alone, 'queue', 'throughput', 'times raw')).to.equal(undefined);
  });

  it('compares throughput with a stack where there is one', () => {
    const beside: Round = { ...FIRST, sides: { ...FIRST.sides, stack: figures(250, { server: 300 }, 300) } };
    expect(find([beside], 'queue', 'throughput', 'times stack')?.median).to.equal(2);
    expect(find([beside], 'stack', 'throughput', 'times stack')).to.equal(undefined);
  });

  it('compares the filling of a pool with nothing', () => {
    const filled: Round = {
      ...FIRST,
      operation: 'fill',
      sides: { pool: figures(110, { server: 180 }, 200) },
    };
    const [summary] = summarize([filled]);
    expect(summary?.measures.map(({ unit }) => unit)).not.to.include('times raw');
  });

  it('is a table with a column for each side', () => {
    const [head = ''] = summaryText(summarize(ROUNDS)).split('\n');
    expect(head).to.match(/^create: median \(quartiles\) +raw +queue$/);
  });

  it('shows the median with its quartiles', () => {
    expect(summaryText(summarize(ROUNDS))).to.match(/^by the clock, ms +90\.0 \(85\.0-95\.0\) +112\.5/m);
  });

  it('says in the table what is not known', () => {
    expect(summaryText(summarize([FIRST, BLIND]))).to.match(/^CPU server, ms +not known/m);
  });

  it('shows each round with both ratios', () => {
    expect(roundText(FIRST)).to.include("(0.80 of raw's throughput, 1.16 of its CPU)");
  });

  it('is drawn with a bar for each process and a point for each round', () => {
    const svg = chartOf(ROUNDS, 'An instance');
    expect(svg)
      .to.match(/^<svg .*create: raw.*<\/svg>$/s)
      .and.include('CPU worker');
  });
});
