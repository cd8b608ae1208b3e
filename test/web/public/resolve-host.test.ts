import { expect } from 'chai';
import type { Subdomains } from '../../../src/instances/domains/domain.ts';
import { createInstanceMap } from '../../../src/instances/lookup/instance-map.ts';
import { resolveHost } from '../../../src/web/public/resolve-host.ts';

const map = createInstanceMap();
const instances: readonly { readonly domain: string; readonly [field: string]: unknown }[] = [
  { domain: 'alice.example.org', domain_aliases: ['ally.example.net'], old_domain: 'alice.old.org' },
  { domain: 'bob.localhost:8090' },
  { domain: 'zoé.example.org', old_domain: 'zoe.old.org' },
  { domain: 'parent.org' },
  { domain: 'child.parent.org' },
  { domain: 'gone.org', deleting: true, old_domain: 'gone.old.org' },
  { domain: 'broken.org', blocked: 'yes', old_domain: 'broken.old.org' },
  { domain: 'app.broken.org' },
  // Nobody finds it, for its name is not as names are stored; a redirect to it would come back for ever.
  { domain: 'Upper.example.org', old_domain: 'upper.example.org' },
  { domain: 'odd"name.org', old_domain: 'odd.old.org' },
  { domain: 'with-hyphen.org' },
];
for (const fields of instances) {
  map.take({
    id: fields.domain,
    doc: { _id: fields.domain, locale: 'en', password_defined: false, ...fields },
  });
}

function resolved(host: string, subdomains: Subdomains): string {
  const found = resolveHost(host, map, subdomains);
  switch (found.kind) {
    case 'nobody':
      return '-';
    case 'former':
      return `-> ${found.host}`;
    case 'instance':
      return found.instance.domain;
  }
}

type Row = readonly [host: string, nested: string, flat: string];

const rows: Readonly<Record<string, readonly Row[]>> = {
  'a domain, an alias, in any case': [
    ['alice.example.org', 'alice.example.org', 'alice.example.org'],
    ['ALICE.Example.ORG', 'alice.example.org', 'alice.example.org'],
    ['ally.example.net', 'alice.example.org', 'alice.example.org'],
  ],
  'an application of an instance': [
    ['drive.alice.example.org', 'alice.example.org', '-'],
    ['alice-drive.example.org', '-', 'alice.example.org'],
    ['ally-drive.example.net', '-', 'alice.example.org'],
    ['alice-my-notes.example.org', '-', 'alice.example.org'],
    ['a.drive.alice.example.org', '-', '-'],
    ['alice-.example.org', '-', '-'],
  ],
  'the parent before the full host': [
    ['child.parent.org', 'parent.org', 'child.parent.org'],
    ['x.child.parent.org', 'child.parent.org', '-'],
  ],
  'a name with a hyphen, which flat subdomains cannot have': [['with-hyphen.org', 'with-hyphen.org', '-']],
  'the port as part of the name': [
    ['bob.localhost:8090', 'bob.localhost:8090', 'bob.localhost:8090'],
    ['bob.localhost', '-', '-'],
    ['bob.localhost:8091', '-', '-'],
    ['notes.bob.localhost:8090', 'bob.localhost:8090', '-'],
    ['bob-notes.localhost:8090', '-', 'bob.localhost:8090'],
    ['alice.example.org:443', '-', '-'],
  ],
  'Punycode, decoded': [
    ['xn--zo-cja.example.org', 'zoé.example.org', 'zoé.example.org'],
    ['drive.xn--zo-cja.example.org', 'zoé.example.org', '-'],
  ],
  'a former domain': [
    ['alice.old.org', '-> alice.example.org', '-> alice.example.org'],
    ['zoe.old.org', '-> xn--zo-cja.example.org', '-> xn--zo-cja.example.org'],
    ['drive.alice.old.org', '-> drive.alice.example.org', '-'],
    ['alice-drive.old.org', '-', '-> alice-drive.example.org'],
    ['"><b>.alice.old.org', '-', '-'],
    ['%0d%0a.alice.old.org', '-', '-'],
    ['upper.example.org', '-', '-'],
    ['odd.old.org', '-', '-'],
    ['gone.old.org', '-', '-'],
    ['broken.old.org', '-', '-'],
  ],
  'an instance that is being deleted, for itself and its applications': [
    ['gone.org', 'gone.org', 'gone.org'],
    ['drive.gone.org', 'gone.org', '-'],
  ],
  'a document that cannot be read': [
    ['broken.org', '-', '-'],
    ['drive.broken.org', '-', '-'],
    ['app.broken.org', 'app.broken.org', 'app.broken.org'],
  ],
  junk: [
    ['', '-', '-'],
    ['.', '-', '-'],
    ['..', '-', '-'],
    ['.alice.example.org', '-', '-'],
    ['alice.example.org.', '-', '-'],
    ['alice..example.org', '-', '-'],
    ['xn--.org', '-', '-'],
    ['xn--99999999.org', '-', '-'],
    ['xn--\u00e9.org', '-', '-'],
    ['alice.example.org@evil.org', '-', '-'],
    ['alice.example.org/x', '-', '-'],
    ['alice.example.org, evil.org', '-', '-'],
    ['[::1]:8090', '-', '-'],
    ['__proto__', '-', '-'],
    ['zo\u00e9.example.org', '-', '-'],
    ['a'.repeat(5_000), '-', '-'],
    [`xn--${'a'.repeat(900)}.org`, '-', '-'],
  ],
};

describe('the instance of a host', () => {
  for (const [name, table] of Object.entries(rows)) {
    it(`is found by ${name}`, () => {
      const found = table.map(([host]): Row => [host, resolved(host, 'nested'), resolved(host, 'flat')]);
      expect(found).to.deep.equal(table);
    });
  }
});
