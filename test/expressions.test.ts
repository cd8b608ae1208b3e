import { expect } from 'chai';
import { analyse } from 'scslre';
import { allExpressions, type Expression } from './support/expressions.ts';

/** What is not linear takes seconds for these: characters are looked at some billion times altogether. */
const LENGTH = 60_000;
const MOST_MS = 100;

/** What people's files, servers and archives are full of. */
const USUAL = [
  ' ',
  '\t',
  '\n',
  '\u00a0',
  '/',
  '.',
  '"',
  "'",
  '-',
  ':',
  ',',
  '0',
  'a',
  'A',
  '@',
  '=',
  '{{',
  '\\',
  '%',
];

/** Without the marks of expressions: the words that one looks for, and its own characters. */
function literalsOf({ source }: RegExp): string[] {
  const words = source
    .split(/\\[pP]\{[^}]*\}|\\u\{?[\da-f]+\}?|\\.|[()[\]{}|*+?^$]/)
    .filter((word) => word !== '');
  return [...words, ...Array.from(words.join(''))];
}

/** Long repetitions, also where something stands before them, and where what would end them is missing. */
function* hostileTexts(expression: RegExp): Generator<string> {
  for (const piece of new Set([...USUAL, ...literalsOf(expression)])) {
    const long = piece.repeat(Math.ceil(LENGTH / piece.length));
    yield `${long}\0`;
    yield `a${long}b`;
  }
}

/** Looks at a busy machine, which makes anything slow at times, are repeated. */
const LOOKS = 3;

/** The shortest of a few times, in milliseconds. */
function timeOf(expression: RegExp, text: string): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let look = 0; look < LOOKS && shortest > MOST_MS; look += 1) {
    const started = performance.now();
    // With the flag for all places, each of them is looked for.
    text.replace(expression, '');
    shortest = Math.min(shortest, performance.now() - started);
  }
  return shortest;
}

function slowest({ expression }: Expression): { readonly ms: number; readonly text: string } {
  let worst = { ms: 0, text: '' };
  for (const text of hostileTexts(expression)) {
    const ms = timeOf(expression, text);
    if (ms > worst.ms) worst = { ms, text: JSON.stringify(text.slice(0, 40)) };
    if (ms > MOST_MS) break;
  }
  return worst;
}

describe('the regular expressions of the product', () => {
  let expressions: readonly Expression[];
  let unseen: readonly string[];

  before(async () => {
    ({ expressions, unseen } = await allExpressions());
  });

  it('are all there when their modules are loaded, so that they can be looked at', () => {
    expect(expressions.length).to.be.above(150);
    expect(unseen).to.deep.equal([]);
  });

  it('are never worse than linear, by their structure', () => {
    const bad = expressions.flatMap(({ place, expression }) =>
      analyse(expression).reports.map(({ type, exponential }) => {
        return `${place} ${expression} ${type}${exponential ? ', exponential' : ''}`;
      }),
    );
    expect(bad).to.deep.equal([]);
  });

  it(`take under ${MOST_MS} ms for ${LENGTH} hostile characters`, function () {
    this.timeout(240_000);
    const slow = expressions.flatMap((each) => {
      const { ms, text } = slowest(each);
      return ms > MOST_MS ? [`${each.place} ${each.expression}: ${Math.round(ms)} ms for ${text}`] : [];
    });
    expect(slow).to.deep.equal([]);
  });
});
