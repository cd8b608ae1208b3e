import { expect } from 'chai';
import { checkedRows, creationCheck } from '../../../src/operations/input/check-rows.ts';
import { COLUMNS, collect, read } from './helpers.ts';

/**
 * Milliseconds of processor time. Reading such a row once takes a few hundred; a rule that goes
 * over it again for each character takes minutes, so a slow machine cannot be mistaken for one.
 */
const MOST_MS = 15_000;
const MANY = 900_000;

const RULES = { subdomains: 'nested', clusters: 1 } as const;

interface Told {
  readonly column: string | undefined;
  readonly message: string;
}

/** What is told of the one row of a file, and that it is told soon. */
async function toldOf(content: string, format: 'csv' | 'ndjson' = 'csv'): Promise<Told> {
  const before = process.cpuUsage();
  const rows = await read(content, { format });
  async function* given() {
    yield* rows;
  }
  const [checked] = await collect(checkedRows(given(), creationCheck({ defaults: {}, rules: RULES })));
  expect(process.cpuUsage(before).user / 1000).to.be.below(MOST_MS);
  if (checked?.kind !== 'invalid') throw new Error('the row was taken');
  const [problem] = checked.problems;
  return { column: problem?.column, message: problem?.message ?? '' };
}

describe('a row made to be slow', () => {
  const pieces: Readonly<Record<string, string>> = {
    'a name with a million blanks in it': `a${' '.repeat(MANY)}b`,
    'a name of nothing but dots': '.'.repeat(MANY),
    'a label of Punycode without end': `xn--${'a'.repeat(MANY)}`,
    'a label of Punycode with as many characters to put in': `xn--${'a'.repeat(MANY / 2)}-${'b'.repeat(MANY / 2)}`,
    'slashes without end': 'a/'.repeat(MANY / 2),
  };
  for (const [what, domain] of Object.entries(pieces)) {
    it(`is refused soon, with its column, for ${what}`, async () => {
      const { column, message } = await toldOf(`domain\n${domain}\n`);
      expect(column).to.equal('domain');
      expect(message.length).to.be.below(300);
    });
  }

  for (const column of COLUMNS.filter((name) => !['domain', 'swift-layout', 'trace'].includes(name))) {
    it(`is refused soon for a ${column} that is far too long`, async () => {
      for (const piece of ['x', ' x', ',x', '.', "'", '"""', 'a:b,', 'xn--a']) {
        const value = piece.repeat(MANY / piece.length);
        const told = await toldOf(
          `domain,${column}\na.example.org,"x${value.replaceAll('"', '""').slice(0, 1_000_000)}x"\n`,
        ).catch((error: unknown) => error);
        expect(told).to.have.property('column', column);
        expect(told)
          .to.have.property('message')
          .that.matches(/^it has \d+ characters, and may have \d+$/);
      }
    });
  }

  it('is refused soon for a JSON object of names without end', async () => {
    const names = Array.from({ length: 60_000 }, (_, at) => `"k${at}":1`).join(',');
    const { message } = await toldOf(
      `{"domain":"a.example.org","settings":{"x":"\\":",${names}}}\n`,
      'ndjson',
    );
    expect(message).to.equal('there are more names in it than any row has');
  });
});
