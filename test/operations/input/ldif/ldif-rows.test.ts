import { Readable } from 'node:stream';
import { expect } from 'chai';
import { InputError } from '../../../../src/errors.ts';
import { INSTANCE_FLAGS } from '../../../../src/instances/options/flags.ts';
import { type LdifMapping, ldifMapping } from '../../../../src/operations/input/ldif/ldif-mapping.ts';
import { ldifRows } from '../../../../src/operations/input/ldif/ldif-rows.ts';

describe('rows of LDIF', () => {
  const mapping = (pairs: string[], domain: string | undefined = '{uid}.x.org'): LdifMapping =>
    ldifMapping(pairs, domain, INSTANCE_FLAGS);

  async function rowsOf(text: string, how: LdifMapping = mapping([])) {
    const rows = [];
    const stream = Readable.from([Buffer.from(text)]);
    for await (const row of ldifRows(stream, how, 'people.ldif', () => undefined)) rows.push(row);
    return rows;
  }

  it('have the columns that attributes are mapped to', async () => {
    const text = 'dn: uid=a\nuid: a\nMAIL: a@x.org\nentryUUID: u-1\nsn: Doe\n\n';
    expect(await rowsOf(text, mapping(['entryUUID=uuid']))).to.deep.equal([
      { kind: 'row', line: 1, values: { domain: 'a.x.org', email: 'a@x.org', uuid: 'u-1' } },
    ]);
  });

  it('take the domain from an attribute, and leave out what is mapped to nothing', async () => {
    const text = 'dn: uid=a\nuid: a\nmail: a@x.org\nworkplaceFqdn: a.y.org\n\n';
    const how = ldifMapping(['workplaceFqdn=domain', 'mail='], undefined, INSTANCE_FLAGS);
    expect(await rowsOf(text, how)).to.deep.equal([{ kind: 'row', line: 1, values: { domain: 'a.y.org' } }]);
  });

  it('have several values in lists alone', async () => {
    const text = 'dn: uid=a\nuid: a\nx: one\nx: two\n\n';
    const [list] = await rowsOf(text, mapping(['x=sponsorships']));
    expect(list).to.deep.include({ values: { domain: 'a.x.org', sponsorships: 'one,two' } });
    const [single] = await rowsOf(text, mapping(['x=phone']));
    expect(single).to.include({ kind: 'problem', column: 'phone' });
  });

  it('leave alone values in other languages, and comments that are folded', async () => {
    const text =
      '# a comment\n that goes on\ndn: uid=a\nuid: a\ndisplayName;lang-fr: Autre\ndisplayName: One\n\n';
    expect(await rowsOf(text)).to.deep.equal([
      { kind: 'row', line: 3, values: { domain: 'a.x.org', 'public-name': 'One' } },
    ]);
  });

  for (const [what, text] of [
    ['no attribute for the domain', 'dn: ou=people\nou: people\n\n'],
    ['a change', 'dn: uid=a\nchangetype: modify\nuid: a\n\n'],
    ['a value in a file', 'dn: uid=a\nuid: a\nmail:< file:///etc/passwd\n\n'],
    ['base64 that is no text', 'dn: uid=a\nuid: a\nmail:: /w==\n\n'],
    ['base64 that was cut', 'dn: uid=a\nuid: a\nmail:: YWJjZ\n\n'],
    ['a line that is no attribute', 'dn: uid=a\nuid: a\nnonsense\n\n'],
    ['no end', 'dn: uid=a\nuid: a\nmail: a@x.org\n'],
    ['no beginning', 'uid: a\n\n'],
  ] as const) {
    it(`are none of an entry with ${what}, and quote nothing of it`, async () => {
      const rows = await rowsOf(text);
      expect(rows.map(({ kind }) => kind)).to.deep.equal(['problem']);
      expect(JSON.stringify(rows)).not.to.match(/passwd|YWJj|a@x/);
    });
  }

  it('are there whatever ends the lines', async () => {
    expect(await rowsOf('dn: uid=a\r\nuid: a\r\n\r\n')).to.have.length(1);
  });

  for (const [what, pairs, domain] of [
    ['a column that is not known', ['mail=emial'], '{uid}.x.org'],
    ['what is no pair', ['mail'], '{uid}.x.org'],
    ['one column twice', ['a=phone', 'b=phone'], '{uid}.x.org'],
    ['a passphrase', ['userPassword=passphrase'], '{uid}.x.org'],
    ['no domain', [], undefined],
    ['two domains', ['x=domain'], '{uid}.x.org'],
    ['a domain without an attribute', [], 'x.org'],
  ] as const) {
    it(`are not mapped by ${what}`, () => {
      expect(() => ldifMapping(pairs, domain, INSTANCE_FLAGS))
        .to.throw(InputError)
        .with.property('code', 'bad_ldif');
    });
  }
});
