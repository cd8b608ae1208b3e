import { expect } from 'chai';
import { inputErrorOf, read } from './helpers.ts';

function readLines(...lines: string[]) {
  return read(lines.join('\n'), { format: 'ndjson' });
}

describe('reading rows from NDJSON', () => {
  it('reads one object a line and skips blank lines', async () => {
    expect(await readLines('{"domain": "a.example.org"}', '', '{"domain": "b.example.org"}')).to.deep.equal([
      { kind: 'row', line: 1, values: { domain: 'a.example.org' } },
      { kind: 'row', line: 3, values: { domain: 'b.example.org' } },
    ]);
  });

  it('writes values as CSV would have them, and leaves null out', async () => {
    const line = JSON.stringify({
      Domain: 'a.example.org',
      domain_aliases: ['b.example.org', 'c.example.org'],
      'disk-quota': 5000000000,
      settings: { offer: 'premium', partner: true, old: null },
      'public-name': null,
    });
    expect(await readLines(line)).to.deep.equal([
      {
        kind: 'row',
        line: 1,
        values: {
          domain: 'a.example.org',
          'domain-aliases': 'b.example.org,c.example.org',
          'disk-quota': '5000000000',
          settings: 'offer:premium,partner:true',
        },
        written: { domain: 'Domain', 'domain-aliases': 'domain_aliases' },
      },
    ]);
  });

  it('reports a line that is no JSON without its content, and goes on', async () => {
    expect(await readLines('{"passphrase": hunter2}', '{"domain": "b.example.org"}')).to.deep.equal([
      { kind: 'problem', line: 1, message: 'the line is not valid JSON' },
      { kind: 'row', line: 2, values: { domain: 'b.example.org' } },
    ]);
  });

  it('says where a byte order mark is that joining files has left', async () => {
    const [, problem] = await readLines('{"domain": "a.example.org"}', '\ufeff{"domain": "b.example.org"}');
    expect(problem).to.include({ kind: 'problem', line: 2 });
    expect(problem).to.have.property('message').that.contains('byte order mark');
  });

  for (const line of ['[]', '"a.example.org"', 'null', '7']) {
    it(`reports ${line}, which is no object`, async () => {
      expect(await readLines(line)).to.deep.equal([
        { kind: 'problem', line: 1, message: 'the line must be one JSON object' },
      ]);
    });
  }

  it('reports an unknown key with the nearest column', async () => {
    expect(await readLines('{"domain": "a.example.org", "publik_name": "A"}')).to.deep.equal([
      {
        kind: 'problem',
        line: 1,
        column: 'publik_name',
        message: 'unknown column, did you mean "public-name"?',
      },
    ]);
  });

  it('leaves flags as JSON, and reports a number that JSON cannot keep', async () => {
    const rows = await readLines(
      '{"domain": "a.example.org", "feature_flags": {"a": [1, {"b": null}], "c": "x,y:z"}}',
      '{"domain": "b.example.org", "feature_flags": {"a": 1e400}}',
      '{"domain": "c.example.org", "feature_flags": null}',
      '{"domain": "d.example.org", "feature_flags": ["a"]}',
    );
    expect(rows[0]).to.have.nested.property('values.feature-flags', '{"a":[1,{"b":null}],"c":"x,y:z"}');
    expect(rows[1]).to.include({ line: 2, column: 'feature-flags', message: 'a number in it is too large' });
    expect(rows[2]).to.have.deep.property('values', { domain: 'c.example.org' });
    expect(rows[3]).to.have.nested.property('values.feature-flags', '["a"]');
  });

  it('reports a key that is there twice under two spellings', async () => {
    expect(await readLines('{"oidc_id": "1", "oidc-id": "2"}')).to.deep.equal([
      { kind: 'problem', line: 1, column: 'oidc_id', message: 'the column is there twice' },
    ]);
  });

  it('reports a key that is there twice under one spelling, and no colon in a value', async () => {
    const rows = await readLines(
      '{"domain": "a.example.org", "domain": "b.example.org"}',
      '{"domain": "c.example.org", "settings": {"a": "1", "a": "2"}}',
      '{"domain": "d.example.org", "public-name": "\\"D\\": the fourth"}',
    );
    expect(rows.slice(0, 2)).to.deep.equal([
      { kind: 'problem', line: 1, message: 'a key is there twice' },
      { kind: 'problem', line: 2, message: 'a key is there twice' },
    ]);
    expect(rows[2]).to.have.nested.property('values.public-name', '"D": the fourth');
  });

  const unusable = {
    'an object': ['domain', { a: 'hunter2' }],
    'a list of lists': ['domain-aliases', [['hunter2']]],
    'a list item with a comma': ['domain-aliases', ['hunter2,b']],
    'a settings value with a comma': ['settings', { a: 'hunter2,b' }],
    'a settings name with a colon': ['settings', { 'hunter2:a': 'b' }],
    'a passphrase that is a number': ['passphrase', 1234],
  } as const;
  for (const [name, [column, value]] of Object.entries(unusable)) {
    it(`reports ${name} without the value`, async () => {
      const [problem] = await readLines(JSON.stringify({ domain: 'a.example.org', [column]: value }));
      expect(problem).to.include({ kind: 'problem', line: 1, column });
      expect(problem)
        .to.have.property('message')
        .that.does.not.match(/hunter2|1234/);
    });
  }

  it('reports a number that JSON cannot hold exactly', async () => {
    const [problem] = await readLines('{"domain": "a.example.org", "oidc_id": 12345678901234567890}');
    expect(problem).to.include({ kind: 'problem', column: 'oidc_id' });
  });

  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const deepObject = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const nested = {
    lists: `{"domain": "a.example.org", "settings": ${deep}}`,
    objects: `{"domain": "a.example.org", "settings": ${deepObject}}`,
    'lists beside a colon in a value': `{"domain": "a.example.org", "public-name": "\\"D\\": x", "settings": ${deep}}`,
    'lists under a key that comes again': `{"domain": "a.example.org", "settings": ${deep}, "settings": "a:b"}`,
    'objects under a key that comes again': `{"settings": ${deepObject}, "domain": "a.example.org", "settings": null}`,
  };
  for (const [name, line] of Object.entries(nested)) {
    it(`reports ${name} that are nested thousands deep, and goes on`, async () => {
      const rows = await readLines('{"domain": "b.example.org"}', line, '{"domain": "c.example.org"}');
      expect(rows).to.deep.equal([
        { kind: 'row', line: 1, values: { domain: 'b.example.org' } },
        { kind: 'problem', line: 2, message: 'lists and objects in it are nested too deep' },
        { kind: 'row', line: 3, values: { domain: 'c.example.org' } },
      ]);
    });
  }

  it('takes no brackets in a value for lists', async () => {
    const name = `${'[{'.repeat(100)}\\"[{"`;
    const [row] = await readLines(JSON.stringify({ domain: 'a.example.org', 'public-name': name }));
    expect(row).to.have.nested.property('values.public-name', name);
  });

  it('refuses a file of blank lines', async () => {
    expect(await inputErrorOf(readLines('', ' ', ''))).to.include({ code: 'no_rows' });
  });

  for (const text of ['[{"domain": "a.example.org"}]', '[\n{"domain": "a.example.org"}\n]']) {
    it(`refuses the array ${JSON.stringify(text)} as a whole`, async () => {
      const error = await inputErrorOf(readLines(text));
      expect(error).to.include({ code: 'json_array', advice: "Take it apart first: jq -c '.[]'." });
    });
  }
});
