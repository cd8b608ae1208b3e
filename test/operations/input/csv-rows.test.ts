import { expect } from 'chai';
import { inputErrorOf, read } from './helpers.ts';

describe('reading rows from CSV', () => {
  it('names the values of each row by the header', async () => {
    expect(await read('domain,public-name\na.example.org,Alice\nb.example.org,Bob\n')).to.deep.equal([
      { kind: 'row', line: 2, values: { domain: 'a.example.org', 'public-name': 'Alice' } },
      { kind: 'row', line: 3, values: { domain: 'b.example.org', 'public-name': 'Bob' } },
    ]);
  });

  for (const [name, separator] of Object.entries({ semicolons: ';', tabs: '\t' })) {
    it(`accepts ${name} between fields`, async () => {
      const lines = [`domain${separator}public-name`, `a.example.org${separator}Alice, the first`];
      expect(await read(lines.join('\n'))).to.deep.equal([
        { kind: 'row', line: 2, values: { domain: 'a.example.org', 'public-name': 'Alice, the first' } },
      ]);
    });
  }

  it('accepts header names in any case, with _ for - and with blanks around', async () => {
    expect(await read('DOMAIN, Public_Name ,OIDC-ID\na.example.org,Alice,7\n')).to.deep.equal([
      {
        kind: 'row',
        line: 2,
        values: { domain: 'a.example.org', 'public-name': 'Alice', oidc_id: '7' },
        written: { domain: 'DOMAIN', 'public-name': 'Public_Name', oidc_id: 'OIDC-ID' },
      },
    ]);
  });

  it('reads over what an export has told of a row', async () => {
    expect(await read('domain,error_code,error,advice\na.example.org,taken,x,y\n')).to.deep.equal([
      {
        kind: 'row',
        line: 2,
        values: { domain: 'a.example.org' },
        written: { domain: 'domain', 'error-code': 'error_code', error: 'error', advice: 'advice' },
      },
    ]);
  });

  it('ignores a byte order mark', async () => {
    expect(await read('\u{feff}domain\na.example.org\n', { chunkBytes: 1 })).to.deep.equal([
      { kind: 'row', line: 2, values: { domain: 'a.example.org' } },
    ]);
  });

  for (const chunkBytes of [1, 7, 1000]) {
    for (const [name, end] of Object.entries({ CRLF: '\r\n', CR: '\r' })) {
      it(`accepts lines that end in ${name}, in chunks of ${chunkBytes} bytes`, async () => {
        const content = ['domain,public-name', 'a.example.org,Alice', '', 'b.example.org,"B', 'ob"', ''].join(
          end,
        );
        expect(await read(content, { chunkBytes })).to.deep.equal([
          { kind: 'row', line: 2, values: { domain: 'a.example.org', 'public-name': 'Alice' } },
          { kind: 'row', line: 4, values: { domain: 'b.example.org', 'public-name': 'B\nob' } },
        ]);
      });
    }
  }

  it('counts the lines that a quoted value spans', async () => {
    const content = 'domain,public-name\na.example.org,"Al\n""i"",\n\nce"\nb.example.org,Bob\n';
    expect(await read(content)).to.deep.equal([
      { kind: 'row', line: 2, values: { domain: 'a.example.org', 'public-name': 'Al\n"i",\n\nce' } },
      { kind: 'row', line: 6, values: { domain: 'b.example.org', 'public-name': 'Bob' } },
    ]);
  });

  it('skips blank lines and records of nothing but separators', async () => {
    expect(await read('\ndomain,public-name\n\na.example.org,Alice\n  \n,\n,,,\n')).to.deep.equal([
      { kind: 'row', line: 4, values: { domain: 'a.example.org', 'public-name': 'Alice' } },
    ]);
  });

  it('keeps blanks around values', async () => {
    expect(await read('domain,passphrase\na.example.org, two words \n')).to.deep.equal([
      { kind: 'row', line: 2, values: { domain: 'a.example.org', passphrase: ' two words ' } },
    ]);
  });

  it('reports a wrong number of fields and goes on', async () => {
    expect(await read('domain,public-name\na.example.org\nb.example.org,Bob\n')).to.deep.equal([
      { kind: 'problem', line: 2, message: 'the number of fields is 1, the header has 2' },
      { kind: 'row', line: 3, values: { domain: 'b.example.org', 'public-name': 'Bob' } },
    ]);
  });

  for (const record of ['a.example.org,hunter"2', 'a.example.org,"hunter"2', 'a.example.org, "hunter2"']) {
    it(`reports the misplaced quotation mark of ${record} without the value, and goes on`, async () => {
      const [problem, next] = await read(`domain,passphrase\n${record}\nb.example.org,secret\n`);
      expect(problem).to.include({ kind: 'problem', line: 2 });
      expect(problem).to.have.property('message').that.includes('quotation mark').and.not.includes('hunter');
      expect(next).to.include({ kind: 'row', line: 3 });
    });
  }

  it('refuses a quotation mark that is never closed, with its line', async () => {
    const error = await inputErrorOf(
      read('domain,passphrase\na.example.org,x\nb.example.org,"hunter2\nc,d\n'),
    );
    expect(error).to.include({ code: 'unclosed_quote' });
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 3 });
    expect(error.message).to.not.include('hunter2');
  });

  it('says which lines a lost quotation mark makes one row of', async () => {
    const content = 'domain,public-name\na.example.org,"A\nb.example.org,B\nc.example.org,"C"\n';
    const [problem] = await read(content);
    expect(problem).to.include({ kind: 'problem', line: 2 });
    expect(problem).to.have.property('message').that.contains('in lines 2 to 4');
  });

  it('names the line of the open quotation mark when its record began before', async () => {
    const error = await inputErrorOf(read('domain,public-name\n"a\nb","c\nd\n'));
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 3 });
  });

  it('refuses an unknown column and suggests the nearest', async () => {
    const error = await inputErrorOf(read('domain,disk_qota\na.example.org,5GB\n'));
    expect(error).to.include({ code: 'unknown_column', advice: 'Did you mean "disk-quota"?' });
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 1, column: 'disk_qota' });
  });

  it('lists the columns when an unknown one is near none', async () => {
    const error = await inputErrorOf(read('domain,birthday\n'));
    expect(error.advice).to.match(/^Known columns: domain, domain-aliases, /);
  });

  it('refuses a column that is there twice under two spellings', async () => {
    const error = await inputErrorOf(read('domain,public-name,Public_Name\n'));
    expect(error).to.include({ code: 'duplicate_column' });
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 1, column: 'public-name' });
  });

  it('refuses a column without a name', async () => {
    const error = await inputErrorOf(read('domain,,passphrase\n'));
    expect(error).to.include({ code: 'unnamed_column', message: 'Column 2 has no name.' });
  });

  it('refuses a header whose quotation marks are wrong', async () => {
    const error = await inputErrorOf(read('domain,"public-name"x\n'));
    expect(error).to.include({ code: 'bad_header' });
  });

  it('refuses a header without the column domain', async () => {
    const error = await inputErrorOf(read('public-name,domian\n'));
    expect(error).to.include({
      code: 'missing_column',
      advice: 'Did you mean "domain" by "domian", column 2?',
    });
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 1, column: 'domain' });
  });

  it('quotes nothing of a first line that is data', async () => {
    const error = await inputErrorOf(read('hunter2,settings,a.example.org\n'));
    expect(error).to.include({ code: 'missing_column' });
    expect(`${error.message} ${error.advice} ${JSON.stringify(error.place)}`).to.not.include('hunter2');
  });

  for (const [name, content] of Object.entries({ 'an empty file': '', 'only a header': 'domain\n\n' })) {
    it(`refuses ${name}`, async () => {
      const error = await inputErrorOf(read(content));
      expect(error).to.include({ code: 'no_rows' });
      expect(error.place).to.deep.equal({ file: 'school.csv' });
    });
  }

  describe('that a spreadsheet wrote', () => {
    const firstLines = {
      'sep=;': ';',
      'sep=,': ',',
      'SEP=|': '|',
      'sep=\t': '\t',
      '"sep=;"': ';',
      'sep=;;;': ';',
    };
    for (const [first, separator] of Object.entries(firstLines)) {
      for (const begin of ['', '\ufeff']) {
        it(`takes the separator from the line ${JSON.stringify(begin + first)}`, async () => {
          const lines = [begin + first, ['domain', 'public-name'], ['a.example.org', 'Alice'], ''];
          const text = lines.map((each) => (Array.isArray(each) ? each.join(separator) : each)).join('\r\n');
          expect(await read(text)).to.deep.equal([
            { kind: 'row', line: 3, values: { domain: 'a.example.org', 'public-name': 'Alice' } },
          ]);
        });
      }
    }

    it('takes no such line for a separator further down', async () => {
      const [row] = await read('domain\nsep=;\n');
      expect(row).to.deep.equal({ kind: 'row', line: 2, values: { domain: 'sep=;' } });
    });

    it('leaves nameless columns at its end out', async () => {
      expect(await read('domain,public-name,,\na.example.org,Alice,,\nb.example.org,Bob\n')).to.deep.equal([
        { kind: 'row', line: 2, values: { domain: 'a.example.org', 'public-name': 'Alice' } },
        { kind: 'row', line: 3, values: { domain: 'b.example.org', 'public-name': 'Bob' } },
      ]);
    });

    it('leaves separators at the end of a row out, and nothing that stands between them', async () => {
      const content = 'domain,public-name\na.example.org,Alice,, \nb.example.org,Bob,,x\n';
      expect(await read(content)).to.deep.equal([
        { kind: 'row', line: 2, values: { domain: 'a.example.org', 'public-name': 'Alice' } },
        { kind: 'problem', line: 3, message: 'the number of fields is 4, the header has 2' },
      ]);
    });
  });

  describe('of files that were joined', () => {
    const again = 'the header is repeated, as where files were joined: delete this line';
    for (const header of ['domain,public-name', '\ufeffdomain,public-name', '\ufeff"Domain";"Public_Name"']) {
      it(`refuses the line of the second header ${JSON.stringify(header)}`, async () => {
        const separator = header.includes(';') ? ';' : ',';
        const first = ['domain', 'public-name'].join(separator);
        const row = (domain: string) => [domain, 'A'].join(separator);
        const rows = await read([first, row('a.example.org'), header, row('b.example.org')].join('\n'));
        expect(rows.map(({ kind, line }) => `${kind} ${line}`)).to.deep.equal([
          'row 2',
          'problem 3',
          'row 4',
        ]);
        expect(rows[1]).to.include({ message: again });
      });
    }

    it('ends where another header begins: what follows would be read under the wrong names', async () => {
      for (const header of ['public-name,domain', 'domain,oidc_id', 'domain,public-name,passphrase']) {
        const error = await inputErrorOf(read(`domain,public-name\na.example.org,A\n${header}\nb,B\n`));
        expect(error).to.include({ code: 'second_header' });
        expect(error.place).to.deep.equal({ file: 'school.csv', line: 3 });
      }
    });

    it('keeps a byte order mark before a value, for whoever looks at the value', async () => {
      const rows = await read('domain,public-name\n\ufeff"a.example.org",A\n');
      expect(rows).to.deep.equal([
        { kind: 'row', line: 2, values: { domain: '\ufeffa.example.org', 'public-name': 'A' } },
      ]);
    });
  });

  describe('that a database client wrote', () => {
    it('reads columns between bars, and refuses rules and counts with their lines', async () => {
      const content = [
        '    domain     | public-name ',
        '---------------+-------------',
        ' a.example.org | Alice       ',
        '(1 row)',
      ].join('\n');
      expect(await read(content)).to.deep.equal([
        { kind: 'problem', line: 2, message: 'the line only draws a rule, as clients of databases do' },
        { kind: 'row', line: 3, values: { domain: ' a.example.org ', 'public-name': ' Alice       ' } },
        { kind: 'problem', line: 4, message: 'the line only counts rows, as clients of databases do' },
      ]);
    });

    for (const count of ['(2 rows)', '2 rows in set (0.00 sec)', '(2 lignes)', '(2 Zeilen)']) {
      it(`refuses ${count} at the end of a single column`, async () => {
        const [, problem] = await read(`domain\na.example.org\n${count}\n`);
        expect(problem).to.include({ kind: 'problem', line: 3 });
      });
    }

    it('refuses a table with a frame', async () => {
      const error = await inputErrorOf(read('+--------+\n| domain |\n+--------+\n| a.b    |\n+--------+\n'));
      expect(error).to.include({ code: 'drawn_table' });
    });
  });

  it('names an invisible character in the name of a column', async () => {
    const error = await inputErrorOf(read('public-name,do\u00admain\nAlice,a.example.org\n'));
    expect(error).to.include({
      code: 'invisible_character',
      message: 'The name of column 2 contains the invisible character U+00AD SOFT HYPHEN.',
    });
  });
});
