import { expect } from 'chai';
import type { RawOptions } from '../../../src/instances/options/flags.ts';
import { checkedRows, creationCheck } from '../../../src/operations/input/check-rows.ts';
import type { Row, RowProblem } from '../../../src/operations/input/row-format.ts';
import { collect } from './helpers.ts';

const rules = { subdomains: 'nested', clusters: 1 } as const;

async function* asRows(rows: Iterable<Row['values'] | RowProblem>): AsyncGenerator<Row | RowProblem> {
  let line = 1;
  for (const row of rows) {
    line += 1;
    if (isProblem(row)) yield row;
    else yield { kind: 'row', line, values: row };
  }
}

function isProblem(row: Row['values'] | RowProblem): row is RowProblem {
  return row['kind'] === 'problem';
}

function check(rows: Iterable<Row['values'] | RowProblem>, defaults: RawOptions = {}) {
  return checkedRows(asRows(rows), creationCheck({ defaults, rules }));
}

describe('checkedRows', () => {
  it('yields the options of a valid row, and its passphrase apart', async () => {
    const [row] = await collect(check([{ domain: 'A.example.org', passphrase: 'hunter2' }]));
    expect(row).to.include({ kind: 'valid', line: 2, passphrase: 'hunter2' });
    expect(row).to.have.nested.property('options.domain', 'a.example.org');
    expect(row).to.have.nested.property('options.hasPassphrase', true);
  });

  it('takes the defaults for columns that are absent or empty', async () => {
    const rows = [{ domain: 'a.example.org', locale: '' }, { domain: 'b.example.org' }];
    for (const row of await collect(check(rows, { locale: 'fr' }))) {
      expect(row).to.have.nested.property('options.locale', 'fr');
    }
  });

  it('prefers a column to its default', async () => {
    const [row] = await collect(check([{ domain: 'a.example.org', locale: 'es' }], { locale: 'fr' }));
    expect(row).to.have.nested.property('options.locale', 'es');
  });

  it('never takes the domain from the defaults', async () => {
    const [row] = await collect(check([{ locale: 'es' }], { domain: 'a.example.org' }));
    expect(row).to.have.nested.property('problems[0].column', 'domain');
  });

  it('yields all problems of a row at once, and goes on', async () => {
    const rows = [{ domain: 'a b', 'disk-quota': 'much' }, { domain: 'b.example.org' }];
    const [bad, good] = await collect(check(rows));
    expect(bad).to.include({ kind: 'invalid', line: 2 });
    expect(bad).to.have.property('problems').with.lengthOf(2);
    expect(good).to.include({ kind: 'valid', line: 3 });
  });

  it('passes on what could not be read', async () => {
    const [row] = await collect(check([{ kind: 'problem', line: 9, column: 'tz', message: 'unreadable' }]));
    expect(row).to.deep.equal({
      kind: 'invalid',
      line: 9,
      problems: [{ column: 'tz', message: 'unreadable' }],
    });
  });

  const first = { domain: 'a.example.org', 'domain-aliases': 'alias.example.org' };
  const duplicates = {
    'a domain in another spelling': [{ domain: 'A.Example.org' }, 'domain', 'a.example.org'],
    "a domain that is another row's alias": [{ domain: 'alias.example.org' }, 'domain', 'alias.example.org'],
    "an alias that is another row's domain": [
      { domain: 'b.example.org', 'domain-aliases': 'a.example.org' },
      'domain-aliases',
      'a.example.org',
    ],
    "an alias that is another row's alias": [
      { domain: 'b.example.org', 'domain-aliases': 'c.example.org,alias.example.org' },
      'domain-aliases',
      'alias.example.org',
    ],
  } as const;
  for (const [name, [second, column, duplicate]] of Object.entries(duplicates)) {
    it(`refuses ${name}`, async () => {
      const [, row] = await collect(check([first, second]));
      expect(row).to.deep.equal({
        kind: 'invalid',
        line: 3,
        problems: [{ column, message: `duplicate of line 2: ${duplicate}` }],
      });
    });
  }

  it('tells of a name that looks like one before it, and takes the row', async () => {
    const rows = [
      { domain: 'alice.example.org' },
      { domain: 'bob.example.org', 'domain-aliases': 'а1ice.example.org' },
    ];
    const [, row] = await collect(check(rows));
    expect(row).to.have.property('kind', 'valid');
    expect(row).to.have.property('doubts').that.deep.includes({
      column: 'domain-aliases',
      message: 'it looks like a name on line 2, and is another',
    });
  });

  it('tells of an owner who was there before, by address or id', async () => {
    const first = { domain: 'a.example.org', email: 'A@example.org', uuid: 'u1' };
    const rows = [
      first,
      { domain: 'b.example.org', email: 'a@example.org ' },
      { domain: 'c.example.org', uuid: 'u1' },
    ];
    const [, second, third] = await collect(check(rows));
    expect(second).to.have.deep.property('doubts', [
      { column: 'email', message: 'it is the same as on line 2' },
    ]);
    expect(third).to.have.deep.property('doubts', [
      { column: 'uuid', message: 'it is the same as on line 2' },
    ]);
  });

  it('has no doubts about usual rows', async () => {
    const [row] = await collect(check([first]));
    expect(row).to.not.have.property('doubts');
  });

  it('takes the defaults for columns that hold nothing but blanks, and keeps a passphrase of blanks', async () => {
    const [row] = await collect(
      check([{ domain: 'a.example.org', locale: '\u00a0', passphrase: '  ' }], {
        locale: 'fr',
        passphrase: 'x',
      }),
    );
    expect(row).to.have.nested.property('options.locale', 'fr');
    expect(row).to.have.property('passphrase', '  ');
  });

  it('lets a name be used that only an invalid row had', async () => {
    const rows = [{ domain: 'a.example.org', 'disk-quota': 'much' }, { domain: 'a.example.org' }];
    const [, row] = await collect(check(rows));
    expect(row).to.include({ kind: 'valid', line: 3 });
  });

  it('never tells a passphrase in a problem', async () => {
    const rows = [
      { domain: 'a b', passphrase: 'hunter2' },
      { domain: 'a.example.org', passphrase: 'hunter2\n' },
      { domain: 'b.example.org', passphrase: 'hunter2' },
      { domain: 'b.example.org', passphrase: 'hunter2', 'disk-quota': 'x', settings: '_id:1' },
    ];
    const checked = await collect(check(rows, { passphrase: 'hunter2' }));
    const problems = checked.flatMap((row) => (row.kind === 'invalid' ? row.problems : []));
    expect(problems).to.have.lengthOf.above(3);
    expect(JSON.stringify(problems)).to.not.include('hunter2');
  });

  it('checks 20,000 rows and counts the good and the bad', async () => {
    function* rows() {
      for (let row = 0; row < 20_000; row++) yield { domain: `u${row % 19_990}.example.org` };
    }
    let valid = 0;
    const messages: (string | undefined)[] = [];
    for await (const row of check(rows())) {
      if (row.kind === 'valid') valid += 1;
      else messages.push(row.problems[0]?.message);
    }
    expect([valid, messages.length]).to.deep.equal([19_990, 10]);
    expect(messages).to.include('duplicate of line 2: u0.example.org');
  });
});
