import { expect } from 'chai';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { putWithSettings, reservationOf } from '../../support/planned-platform.ts';

/** What the tests look at of a row. */
interface Row {
  readonly row: number;
  readonly domain: string;
  readonly verdict: string;
  readonly by?: string;
  readonly code?: string;
  readonly resumes?: boolean;
  readonly fields?: readonly { readonly field: string; readonly old: unknown; readonly new: unknown }[];
  readonly unknown: readonly { readonly what: string; readonly name: string }[];
}

describe('a dry run', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await putWithSettings(platform, [
      { domain: 'alice.example.org', locale: 'fr', settings: { email: 'alice@example.org' } },
      { domain: 'bob.example.org', domain_aliases: ['bobby.example.org'], context: 'beta' },
      { domain: 'moved.example.org', old_domain: 'former.example.org' },
      { domain: 'going.example.org', deleting: true },
      reservationOf('held.example.org'),
      { domain: 'swift.example.org', swift_cluster: 1 },
      { domain: 'odd.example.org', prefix: 'cozy/odd' },
      { domain: 'wide.example.org', old_domain: 'Upper.example.org' },
    ]);
  });

  after(() => platform.close());

  async function rowsOf(...argv: string[]): Promise<{ readonly rows: Row[]; readonly ran: Ran }> {
    const ran = await platform.run('instances', ...argv, '--dry-run', '--json');
    const { rows } = JSON.parse(ran.stdout);
    return { rows, ran };
  }

  async function rowOf(...argv: string[]): Promise<Row> {
    const { rows, ran } = await rowsOf(...argv);
    const [row] = rows;
    if (row === undefined || rows.length !== 1) throw new Error(`not one row: ${ran.stdout}`);
    return row;
  }

  const differences = ({ fields = [] }: Row) =>
    fields.filter((each) => JSON.stringify(each.old) !== JSON.stringify(each.new));

  describe('of a creation', () => {
    it('tells what a new instance would have, and that a passphrase is set', async () => {
      const { rows, ran } = await rowsOf(
        'add',
        'new.example.org',
        '--email',
        'n@example.org',
        '--passphrase=sesame',
      );
      expect(rows.map(({ verdict }) => verdict)).to.deep.equal(['new']);
      expect(differences(rows[0] ?? { row: 0, domain: '', verdict: '', unknown: [] })).to.deep.include({
        field: 'passphrase',
        old: null,
        new: '(set)',
      });
      expect(ran.stdout).to.contain('n@example.org').and.not.contain('sesame');
      expect(ran.exitCode).to.equal(10);
    });

    it('says what an instance that is there has otherwise', async () => {
      const { rows, ran } = await rowsOf(
        'add',
        'alice.example.org',
        '--email',
        'alice@example.org',
        '--disk-quota',
        '5GB',
      );
      expect(rows[0]?.verdict).to.equal('exists');
      expect(rows.flatMap(differences)).to.deep.equal([
        { field: 'locale', old: 'fr', new: 'en' },
        { field: 'disk_quota', old: null, new: '5000000000' },
      ]);
      expect(ran.exitCode).to.equal(0);
    });

    it('knows one that is just so', async () => {
      const argv = ['add', 'alice.example.org', '--email', 'alice@example.org', '--locale', 'fr'];
      expect(await rowOf(...argv)).to.include({ verdict: 'same' });
    });

    for (const [domain, flags, expected] of [
      ['alice.example.org', ['--email', 'other@example.org'], { verdict: 'taken', by: 'another person' }],
      ['bobby.example.org', [], { verdict: 'taken', by: 'alias', code: 'taken' }],
      ['x.example.org', ['--domain-aliases', 'bob.example.org'], { verdict: 'taken', by: 'domain' }],
      ['former.example.org', [], { verdict: 'taken', by: 'former domain', code: 'old_domain' }],
      ['upper.example.org', [], { verdict: 'taken', by: 'ambiguous', code: 'taken' }],
      ['held.example.org', [], { verdict: 'reserved', resumes: true }],
      ['held.example.org', ['--locale', 'de'], { verdict: 'reserved', resumes: false }],
      ['going.example.org', [], { verdict: 'deleting', code: 'deleting' }],
    ] as const) {
      it(`of ${domain} ${flags.join(' ')} is told as ${Object.values(expected).join(', ')}`, async () => {
        expect(await rowOf('add', domain, ...flags)).to.include(expected);
      });
    }

    it('is refused where databases of an earlier life are left', async () => {
      const { databaseName, prefixOf } = await import('../../../src/instances/databases/prefix.ts');
      await platform.server.createDatabase(databaseName(prefixOf('left.example.org'), 'io.cozy.files'));
      expect(await rowOf('add', 'left.example.org')).to.include({ verdict: 'refused', code: 'leftovers' });
    });

    it('names a context and an application that nobody knows', async () => {
      const { unknown, verdict } = await rowOf(
        'add',
        'c.example.org',
        '--context-name',
        'nowhere',
        '--apps',
        'drive',
      );
      expect(verdict).to.equal('new');
      expect(unknown.map(({ what, name }) => `${what} ${name}`)).to.deep.equal([
        'context nowhere',
        'application drive',
      ]);
    });
  });

  describe('of a change', () => {
    it('tells field by field what is and what is to be', async () => {
      const row = await rowOf('modify', 'alice.example.org', '--locale', 'de', '--tz', 'Asia/Tokyo');
      expect(row.verdict).to.equal('change');
      expect(row.fields).to.deep.equal([
        { field: 'locale', old: 'fr', new: 'de' },
        { field: 'settings.tz', old: null, new: 'Asia/Tokyo' },
      ]);
    });

    it('ends with 0 where all is so already', async () => {
      const { rows, ran } = await rowsOf('modify', 'bobby.example.org', '--context-name', 'beta');
      expect(rows).to.have.lengthOf(1);
      expect(rows[0]).to.include({ domain: 'bob.example.org', verdict: 'same' });
      expect(ran.exitCode).to.equal(0);
    });

    for (const [domain, flags, expected] of [
      ['nobody.example.org', [], { verdict: 'absent', code: 'not_found' }],
      ['held.example.org', [], { verdict: 'reserved', code: 'provisioning' }],
      ['going.example.org', [], { verdict: 'deleting' }],
      ['alice.example.org', ['--domain-aliases', 'bobby.example.org'], { verdict: 'taken', code: 'taken' }],
      [
        'alice.example.org',
        ['--domain-aliases', 'former.example.org'],
        { verdict: 'taken', code: 'old_domain' },
      ],
    ] as const) {
      it(`of ${domain} ${flags.join(' ')} is told as ${Object.values(expected).join(', ')}`, async () => {
        expect(await rowOf('modify', domain, '--disk-quota', '1GB', ...flags)).to.include(expected);
      });
    }

    it('changes nothing', async () => {
      const before = await platform.everything();
      await rowOf('modify', 'alice.example.org', '--locale', 'de');
      expect((await platform.run('instances', 'show', 'alice.example.org')).stdout).to.contain(
        '"locale": "fr"',
      );
      expect(await platform.everything()).to.deep.equal(before);
    });
  });

  describe('of a destruction', () => {
    for (const [domain, flags, expected] of [
      ['alice.example.org', [], { verdict: 'destroy' }],
      ['going.example.org', [], { verdict: 'deleting' }],
      ['going.example.org', ['--resume'], { verdict: 'destroy' }],
      ['nobody.example.org', [], { verdict: 'absent' }],
      ['swift.example.org', [], { verdict: 'refused', code: 'swift' }],
      ['odd.example.org', [], { verdict: 'refused', code: 'shared_prefix' }],
    ] as const) {
      it(`of ${domain} ${flags.join(' ')} is told as ${Object.values(expected).join(', ')}`, async () => {
        expect(await rowOf('destroy', domain, ...flags)).to.include(expected);
      });
    }
  });

  it('of an installation tells what would be installed', async () => {
    const { apps } = Object(await rowOf('install-apps', 'alice.example.org', '--apps', 'drive,notes'));
    expect(apps).to.deep.equal(['drive', 'notes']);
  });

  it('of an update passes over an instance without the application', async () => {
    const row = await rowOf('update-apps', 'drive', '--domain', 'alice.example.org');
    expect(row).to.deep.include({ verdict: 'same', fields: [] });
  });

  describe('of a repair', () => {
    it('tells what would be put right', async () => {
      const { verdict, findings } = Object(await rowOf('repair', 'alice.example.org', '--recreate-empty'));
      expect(verdict).to.equal('repair');
      expect(findings).to.include('no_database (15)');
    });

    for (const [domain, flags, expected] of [
      ['held.example.org', [], { verdict: 'refused', code: 'not_repaired' }],
      ['held.example.org', ['--drop-reservations'], { verdict: 'repair' }],
      ['going.example.org', [], { verdict: 'deleting' }],
    ] as const) {
      it(`of ${domain} ${flags.join(' ')} is told as ${Object.values(expected).join(', ')}`, async () => {
        expect(await rowOf('repair', domain, ...flags)).to.include(expected);
      });
    }
  });

  it('counts first, then names each row', async () => {
    const file = await platform.write('some.csv', [
      'domain',
      'n1.example.org',
      'bobby.example.org',
      'n2.example.org',
    ]);
    const { stdout, exitCode } = await platform.run('instances', 'add', '--from', file, '--dry-run');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-4)).to.equal('create: 3 rows, 2 with something to do; 2 new; 1 taken');
    expect(lines.at(-2)).to.match(/^3\tbobby\.example\.org\ttaken\ttaken: /);
    expect(exitCode).to.equal(10);
  });
});
