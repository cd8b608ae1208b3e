import { expect } from 'chai';
import type { InstanceOptions } from '../../../src/instances/options/options.ts';
import { newSealKey } from '../../../src/jobs/fleet/seal.ts';
import type { ValidRow } from '../../../src/operations/input/check-rows.ts';
import { creationChunks } from '../../../src/operations/instances/creation-chunks.ts';
import { createOrganizations } from '../../../src/operations/instances/organizations.ts';
import { sampleOptions } from '../../instances/sample-options.ts';

const NO_PASSPHRASES = { sealKey: newSealKey(), mark: undefined };

/** The rows of a file: domains with their organizations, the first on line 2. */
function rowsOf(instances: readonly (readonly [domain: string, orgId?: string])[]): ValidRow[] {
  return instances.map(([domain, orgId], at) => ({
    kind: 'valid',
    line: at + 2,
    options: sampleOptions({ domain, ...(orgId !== undefined && { orgId }) }),
    passphrase: undefined,
    original: [],
  }));
}

/** What is queued for these rows, in its order: `line domain`, and behind `<` what has to be made before. */
async function queued(rows: readonly ValidRow[]): Promise<string[]> {
  const organizations = createOrganizations();
  for (const { line, options } of rows) organizations.add(line, options);
  let readings = 0;
  const file = {
    async *goodPages() {
      readings += 1;
      yield rows;
    },
  };
  const all: string[] = [];
  for await (const chunk of creationChunks(file, organizations, 3, NO_PASSPHRASES)) {
    for (const { row, work } of chunk) {
      if (work.kind !== 'create') continue;
      const { domain }: InstanceOptions = work.options;
      all.push([`${row} ${domain}`, ...(work.after ?? [])].join(' < '));
    }
  }
  expect(readings).to.equal(organizations.isAny ? 2 : 1);
  return all;
}

async function* existing(...names: string[]): AsyncGenerator<string> {
  yield* names;
}

describe('the rows of organizations', () => {
  it('come after their organization’s own instance, wherever it is in the file', async () => {
    const rows = rowsOf([
      ['anna.example.org', 'acme'],
      ['solo.example.org'],
      ['beta.example.org', 'beta'],
      ['bob.example.org', 'beta'],
      ['acme.example.org', 'acme'],
    ]);
    expect(await queued(rows)).to.deep.equal([
      '4 beta.example.org',
      '6 acme.example.org',
      '2 anna.example.org < acme.example.org',
      '3 solo.example.org',
      '5 bob.example.org < beta.example.org',
    ]);
  });

  it('find it by its first label alone, and in any case', async () => {
    expect(await queued(rowsOf([['anna.example.org', 'ACME'], ['acme.example.org']]))).to.deep.equal([
      '3 acme.example.org',
      '2 anna.example.org < acme.example.org',
    ]);
  });

  it('do not take a member of another organization for it', async () => {
    expect(
      await queued(
        rowsOf([
          ['anna.example.org', 'acme'],
          ['acme.example.org', 'other'],
        ]),
      ),
    ).to.deep.equal(['2 anna.example.org', '3 acme.example.org']);
  });

  it('wait for all that may be it', async () => {
    const rows = rowsOf([
      ['anna.example.org', 'acme'],
      ['acme.one.org', 'acme'],
      ['acme.two.org', 'acme'],
    ]);
    expect((await queued(rows)).at(-1)).to.equal('2 anna.example.org < acme.one.org < acme.two.org');
  });

  it('keep the order of the file where there is no organization', async () => {
    expect(await queued(rowsOf([['b.example.org'], ['a.example.org']]))).to.deep.equal([
      '2 b.example.org',
      '3 a.example.org',
    ]);
  });

  it('are told of where the own instance is neither in the file nor there already', async () => {
    const organizations = createOrganizations();
    const rows = rowsOf([
      ['a.example.org', 'there'],
      ['b.example.org', 'Missing'],
      ['c.example.org', 'missing'],
      ['d.example.org', 'own'],
      ['own.example.org', 'own'],
    ]);
    for (const { line, options } of rows) organizations.add(line, options);
    const names: string[] = [];
    for await (const name of organizations.noting(existing('there.example.org', 'x.example.org')))
      names.push(name);
    expect(names).to.deep.equal(['there.example.org', 'x.example.org']);
    expect(organizations.withoutOwn()).to.deep.equal([{ orgId: 'Missing', line: 3 }]);
  });
});
