import { Readable } from 'node:stream';
import { domainToASCII } from 'node:url';
import { expect } from 'chai';
import { InputError } from '../../../../src/errors.ts';
import { INSTANCE_FLAGS } from '../../../../src/instances/options/flags.ts';
import { ldifMapping } from '../../../../src/operations/input/ldif/ldif-mapping.ts';
import {
  type CheckedList,
  type ListFormat,
  openList,
  provenBy,
} from '../../../../src/operations/instances/lists/open-list.ts';
import { pruneOrder } from '../../../../src/operations/instances/lists/prune-order.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');

/** What `ldapsearch` writes, with a folded line and values in base64. */
const LDIF = `# extended LDIF
#
# LDAPv3
# base <dc=example,dc=org> with scope subtree
# filter: (objectClass=inetOrgPerson)
# requesting: uid mail displayName
#

# alice, people, example.org
dn: uid=alice,ou=people,dc=example,dc=org
uid: alice
mail: alice@exam
 ple.org
displayName:: QWxpY2Ugw4lsaXNl

# bob, people, example.org
dn:: dWlkPWJvYixvdT1wZW9wbGUsZGM9ZXhhbXBsZSxkYz1vcmc=
uid: bob
mail:: Ym9iQGV4YW1
 wbGUub3Jn
displayName: Bob

# search result
search: 2
result: 0 Success

# numResponses: 3
# numEntries: 2
`;

/** The same in two pages. */
const PAGED = LDIF.replace(
  '# bob, people',
  `# search result
search: 2
result: 0 Success
control: 1.2.840.113556.1.4.319 false MA0CAQAECAEAAAAAAAAA
pagedresults: cookie=AQAAAAAAAAA=

# numResponses: 2
# numEntries: 1

# bob, people`,
).replace('search: 2\nresult: 0 Success\n\n# numResponses: 3\n# numEntries: 2', () =>
  [
    'search: 3',
    'result: 0 Success',
    'control: 1.2.840.113556.1.4.319 false MAUCAQAEAA==',
    'pagedresults: cookie=',
    '',
    '# numResponses: 2',
    '# numEntries: 1',
  ].join('\n'),
);

async function opened(text: string | Buffer, format?: ListFormat): Promise<CheckedList> {
  const bytes = Readable.from([Buffer.from(text)]);
  return await openList(
    {
      from: { name: 'list', format: undefined, bytes },
      stdin: Readable.from([]),
      format,
      mapping: () => ldifMapping([], '{uid}.example.org', INSTANCE_FLAGS),
      rules: { subdomains: 'nested', clusters: 1 },
      defaults: {},
    },
    () => undefined,
  );
}

/** Whether instances could be pruned by it, or the code of why not. */
async function prunes(text: string | Buffer, format?: ListFormat): Promise<string> {
  let list: CheckedList | undefined;
  try {
    list = await opened(text, format);
    // LDIF says of no moment.
    const listTime = format === 'ldif' ? NOW : undefined;
    const wish = { scope: { domain: '*.example.org' }, listTime, skipAccounts: false };
    pruneOrder(list, provenBy(list, undefined), wish, NOW);
    return 'prunes';
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  } finally {
    await list?.close();
  }
}

async function rowsOf(list: CheckedList) {
  const rows = [];
  for await (const page of list.goodPages()) rows.push(...page);
  await list.close();
  return rows;
}

describe('a list that is opened', () => {
  it('may be what ldapsearch writes, folded and in base64', async () => {
    const list = await opened(LDIF);
    expect(list.proof).to.deep.equal({ state: 'whole', at: undefined, of: {}, leftOut: 0 });
    expect((await rowsOf(list)).map(({ domain, changes }) => [domain, changes])).to.deep.equal([
      ['alice.example.org', { settings: { email: 'alice@example.org', public_name: 'Alice Élise' } }],
      ['bob.example.org', { settings: { email: 'bob@example.org', public_name: 'Bob' } }],
    ]);
  });

  it('may come in pages', async () => {
    const list = await opened(PAGED);
    expect(list.counts).to.include({ valid: 2, invalid: 0 });
    expect(list.proof.state).to.equal('whole');
    await list.close();
  });

  for (const [what, whole] of [
    ['LDIF', LDIF],
    ['LDIF in pages', PAGED],
  ] as const) {
    it(`prunes nothing by ${what} that was cut, be it after any line or within one`, async () => {
      expect(await prunes(whole, 'ldif')).to.equal('prunes');
      const bytes = Buffer.from(whole);
      const pruning: number[] = [];
      for (let length = 1; length < bytes.length; length += 1) {
        if ((await prunes(bytes.subarray(0, length), 'ldif')) === 'prunes') pruning.push(length);
      }
      // Only the line break behind the last character may be missing.
      expect(pruning).to.deep.equal([bytes.length - 1]);
    });
  }

  it('prunes nothing by LDIF from which a part was cut out', async () => {
    const lines = LDIF.split('\n');
    for (let from = 8; from < lines.length - 1; from += 1) {
      for (let to = from + 1; to < lines.length; to += 1) {
        const left = [...lines.slice(0, from), ...lines.slice(to)].join('\n');
        const hasBoth = /^dn: /m.test(left) && /^dn::/m.test(left);
        const answer = await prunes(left, 'ldif');
        if (answer === 'prunes') expect(hasBoth, `lines ${from} to ${to}`).to.equal(true);
      }
    }
  });

  for (const [what, text, code] of [
    [
      'too many entries for the directory',
      LDIF.replace('result: 0 Success', 'result: 4 Size limit exceeded'),
      'partial_list',
    ],
    ['a time limit', LDIF.replace('result: 0 Success', 'result: 3 Time limit exceeded'), 'partial_list'],
    [
      'a referral',
      LDIF.replace('# search result', '# search reference\nref: ldap://other/\n\n# search result'),
      'partial_list',
    ],
    [
      'a page that is missing',
      PAGED.replace('pagedresults: cookie=\n', 'pagedresults: cookie=AgA=\n'),
      'partial_list',
    ],
    ['two outputs that were joined', LDIF + LDIF.replaceAll(/alice|bob|YWxpY2U|Ym9i/g, 'x'), 'partial_list'],
    ['no word of its end', LDIF.slice(0, LDIF.indexOf('# search result')), 'unproven_list'],
    ['base64 that is none', LDIF.replace('displayName:: QWxp', 'displayName:: Q!xp'), 'partial_list'],
    ['an address that is none', LDIF.replace('displayName: Bob', 'mail: second@example.org'), 'partial_list'],
  ] as const) {
    it(`prunes nothing by LDIF with ${what}`, async () => {
      expect(await prunes(text, 'ldif')).to.equal(code);
    });
  }

  const CSV =
    'domain,locale\na.example.org,fr\nb.example.org,de\n# end since 7-abc rows 2 2026-11-28T11:00:00.000Z\n';
  const NDJSON =
    '{"domain":"a.example.org"}\n{"domain":"b.example.org"}\n{"end":true,"rows":2,"since":"7-abc","at":"2026-11-28T11:00:00.000Z"}\n';

  for (const [format, whole] of [
    ['csv', CSV],
    ['ndjson', NDJSON],
  ] as const) {
    it(`says in ${format} how many rows it has, and of what moment it is`, async () => {
      const list = await opened(whole, format);
      expect(list.proof).to.deep.equal({
        state: 'whole',
        at: Date.parse('2026-11-28T11:00:00Z'),
        of: {},
        leftOut: 0,
        since: '7-abc',
      });
      expect((await rowsOf(list)).map(({ domain }) => domain)).to.deep.equal([
        'a.example.org',
        'b.example.org',
      ]);
    });

    it(`prunes nothing by ${format} that was cut, be it after any line or within one`, async () => {
      const pruning: string[] = [];
      for (let length = 1; length < whole.length - 1; length += 1) {
        const cut = whole.slice(0, length);
        if ((await prunes(cut, format)) === 'prunes') pruning.push(cut);
      }
      expect(pruning).to.deep.equal([]);
    });

    it(`is refused in ${format} where a row is missing, or something follows`, async () => {
      const lines = whole.trimEnd().split('\n');
      expect(
        await prunes(lines.filter((line) => !line.includes('a.example.org')).join('\n'), format),
      ).to.equal('cut_list');
      expect(await prunes([...lines, lines[1]].join('\n'), format)).to.equal('cut_list');
    });
  }

  it('has an end that a spreadsheet has filled up', async () => {
    expect(await prunes(CSV.replace('.000Z\n', '.000Z,\n'), 'csv')).to.equal('prunes');
    expect(await prunes(CSV.replaceAll(',', ';').replace('.000Z\n', '.000Z;;;\n'), 'csv')).to.equal('prunes');
  });

  it('is whole where somebody has said how many rows it has', async () => {
    const list = await opened(CSV.replace(/# end.*\n/, ''), 'csv');
    expect(list.proof).to.deep.equal({ state: 'unproven' });
    expect(provenBy(list, 2)).to.deep.equal({ state: 'whole', at: undefined, of: {}, leftOut: 0 });
    expect(() => provenBy(list, 3))
      .to.throw(InputError)
      .with.property('code', 'cut_list');
    await list.close();
  });

  it('is still of those of its filter where its end was cut, and somebody has said how many rows it has', async () => {
    const list = await opened(
      CSV.replace(/# end.*\n/, '# end of context=x without 1 since 7-abc rows 2'),
      'csv',
    );
    expect(list.proof).to.deep.equal({
      state: 'unproven',
      end: { of: { context: 'x' }, leftOut: 1, since: '7-abc' },
    });
    expect(provenBy(list, 2)).to.deep.equal({
      state: 'whole',
      at: undefined,
      of: { context: 'x' },
      leftOut: 1,
      since: '7-abc',
    });
    await list.close();
  });

  it('refuses two rows with one uuid, with both lines', async () => {
    const told: string[] = [];
    const bytes = Readable.from([Buffer.from('domain,uuid\na.example.org,u-1\nb.example.org,u-1\n')]);
    const list = await openList(
      {
        from: { name: 'list.csv', format: 'csv', bytes },
        stdin: Readable.from([]),
        format: 'csv',
        mapping: () => ldifMapping([], '{uid}', INSTANCE_FLAGS),
        rules: { subdomains: 'nested', clusters: 1 },
        defaults: {},
      },
      (report) => report.event === 'problem' && told.push(`${report.line}: ${report.message}`),
    );
    expect(told).to.deep.equal(['3: duplicate of line 2: uuid u-1']);
    await list.close();
  });

  it('tells what is odd about a row of which an instance can be made', async () => {
    const told: string[] = [];
    const bytes = Readable.from([
      Buffer.from('domain,email\na.example.org,x@x.org\nb.example.org,x@x.org\n'),
    ]);
    const list = await openList(
      {
        from: { name: 'list.csv', format: 'csv', bytes },
        stdin: Readable.from([]),
        format: 'csv',
        mapping: () => ldifMapping([], '{uid}', INSTANCE_FLAGS),
        rules: { subdomains: 'nested', clusters: 1 },
        defaults: { locale: 'fr' },
      },
      (report) => report.event === 'warning' && told.push(`${report.line}: ${report.message}`),
    );
    expect(told).to.deep.equal(['3: it is the same as on line 2']);
    await list.close();
  });

  it('refuses two rows whose names mean the same, with both lines', async () => {
    const told: string[] = [];
    const names = [
      ['alice.example.org', 'ALICE.example.org'],
      ['alice.example.org', 'alice.example.org.'],
      ['zoé.example.org', domainToASCII('zoé.example.org')],
      ['zo\u0065\u0301.example.org', 'zo\u00e9.example.org'],
    ];
    for (const [one, other] of names) {
      const bytes = Readable.from([Buffer.from(`domain,locale\n${one},fr\nx.example.org,fr\n${other},de\n`)]);
      const list = await openList(
        {
          from: { name: 'list.csv', format: 'csv', bytes },
          stdin: Readable.from([]),
          format: 'csv',
          mapping: () => ldifMapping([], '{uid}', INSTANCE_FLAGS),
          rules: { subdomains: 'nested', clusters: 1 },
          defaults: {},
        },
        (report) => report.event === 'problem' && told.push(`${report.line}: ${report.message}`),
      );
      expect(list.counts, other).to.include({ valid: 2, invalid: 1 });
      await list.close();
    }
    for (const each of told) expect(each).to.match(/^4: duplicate of line 2: /);
    expect(told).to.have.length(names.length);
  });
});
