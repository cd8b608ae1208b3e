import { expect } from 'chai';
import type { StoredDocument } from '../../src/couchdb/documents.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { type AppRegistry, startAppRegistry } from '../support/app-registry.ts';
import { type CliPlatform, type Ran, startPlatform } from '../support/cli-platform.ts';
import { endOf } from '../support/list-end.ts';

type Document = Readonly<Record<string, unknown>>;

/** What each column does to the document of an instance, and to that of its settings: written down without the sources. */
const EFFECTS: readonly {
  readonly column: string;
  readonly cell: (n: number) => string;
  readonly instance?: (n: number) => Document;
  readonly settings?: (n: number) => Document;
}[] = [
  { column: 'locale', cell: () => 'de', instance: () => ({ locale: 'de' }) },
  { column: 'uuid', cell: (n) => `u-${n}`, instance: (n) => ({ uuid: `u-${n}` }) },
  { column: 'oidc_id', cell: (n) => `o-${n}`, instance: (n) => ({ oidc_id: `o-${n}` }) },
  { column: 'franceconnect_id', cell: (n) => `f-${n}`, instance: (n) => ({ franceconnect_id: `f-${n}` }) },
  { column: 'old-domain', cell: (n) => `was${n}.org`, instance: (n) => ({ old_domain: `was${n}.org` }) },
  { column: 'context-name', cell: () => 'beta', instance: () => ({ context: 'beta' }) },
  {
    column: 'blocked',
    cell: () => 'true',
    instance: () => ({ blocked: true, blocking_reason: 'UNKNOWN' }),
  },
  {
    column: 'blocking-reason',
    cell: () => 'PAYMENT_FAILED',
    instance: () => ({ blocked: true, blocking_reason: 'PAYMENT_FAILED' }),
  },
  {
    column: 'domain-aliases',
    cell: (n) => `b${n}.alias.org,a${n}.alias.org`,
    instance: (n) => ({ domain_aliases: [`b${n}.alias.org`, `a${n}.alias.org`] }),
  },
  { column: 'sponsorships', cell: () => 'y,x', instance: () => ({ sponsorships: ['y', 'x'] }) },
  { column: 'feature-sets', cell: () => 's2,s1', instance: () => ({ feature_sets: ['s1', 's2'] }) },
  {
    column: 'feature-flags',
    cell: () => '{"drive.beta":true}',
    instance: () => ({ feature_flags: { 'drive.beta': true } }),
  },
  { column: 'disk-quota', cell: () => '5000000000', instance: () => ({ disk_quota: '5000000000' }) },
  { column: 'auth-mode', cell: () => 'two_factor_mail', instance: () => ({ auth_mode: 1 }) },
  { column: 'auto-update', cell: () => 'false', instance: () => ({ no_auto_update: true }) },
  { column: 'magic_link', cell: () => 'true', instance: () => ({ magic_link: true }) },
  { column: 'tos', cell: () => '1.0.0', instance: () => ({ tos: '1.0.0' }) },
  {
    column: 'tos-latest',
    cell: () => '2.0.0-20260101',
    instance: () => ({ tos_latest: '2.0.0-20260101' }),
  },
  { column: 'tz', cell: () => 'Europe/Paris', settings: () => ({ tz: 'Europe/Paris' }) },
  { column: 'email', cell: (n) => `n${n}@x.org`, settings: (n) => ({ email: `n${n}@x.org` }) },
  { column: 'public-name', cell: (n) => `Name ${n}`, settings: (n) => ({ public_name: `Name ${n}` }) },
  { column: 'phone', cell: () => '+33 1', settings: () => ({ phone: '+33 1' }) },
  { column: 'settings', cell: () => 'offer:gold', settings: () => ({ offer: 'gold' }) },
  { column: 'org-id', cell: (n) => `org${n}`, instance: (n) => ({ org_id: `org${n}` }) },
  { column: 'org-domain', cell: (n) => `dom${n}.org`, instance: (n) => ({ org_domain: `dom${n}.org` }) },
  { column: 'apps', cell: () => 'agenda' },
];

const COLUMNS = ['domain', ...EFFECTS.map(({ column }) => column)];

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

describe('apply of a whole list', function () {
  this.timeout(600_000);
  let registry: AppRegistry;
  let platform: CliPlatform;

  before(async () => {
    registry = await startAppRegistry();
    platform = await startPlatform({ registries: [registry.url] });
    await platform.startWorker();
  });

  after(async () => {
    await platform.close();
    await registry.close();
  });

  const domains = (what: string, number: number): string[] =>
    Array.from({ length: number }, (_, at) => `${what}${at}.whole.org`);
  const [fresh, changed, gone, kept] = [
    domains('new', 50),
    domains('changed', 30),
    domains('gone', 20),
    domains('kept', 5),
  ];

  /** Documents of all instances, with their settings and the slugs of their applications, by domain. */
  async function everything(): Promise<
    Map<string, { instance: StoredDocument; settings: Document; apps: string[] }>
  > {
    const found = new Map();
    const rows = await platform.server.allDocuments(INSTANCES, { includeDocs: true });
    for (const { doc } of rows) {
      const domain = doc?.['domain'];
      if (typeof domain !== 'string') continue;
      const settings = await platform.server.getDocument(
        databaseName(String(doc?.['prefix'] ?? prefixOf(domain)), 'io.cozy.settings'),
        'io.cozy.settings.instance',
      );
      const apps = await platform.server.allDocuments(
        databaseName(String(doc?.['prefix'] ?? prefixOf(domain)), 'io.cozy.apps'),
        {},
      );
      const slugs = apps.map(({ id }) => id).filter((id) => !id.startsWith('_design/'));
      found.set(domain, { instance: doc, settings, apps: slugs });
    }
    return found;
  }

  /** As if they had been made long ago. */
  async function makeOld(all: readonly string[]): Promise<void> {
    for (const domain of all) {
      const database = databaseName(prefixOf(domain), 'io.cozy.files');
      const root = await platform.server.getDocument(database, 'io.cozy.files.root-dir');
      if (root === undefined) throw new Error(`${domain} has no root`);
      await platform.server.putDocument(database, { ...root, created_at: '2020-01-01T00:00:00Z' });
    }
  }

  const without = ({ _rev, ...fields }: StoredDocument): Document => fields;

  it('makes, changes and removes what it says, and touches nothing else', async () => {
    const made = await platform.write('before.csv', [
      'domain,locale,context-name,email,public-name',
      ...[...changed, ...gone, ...kept].map((domain) => `${domain},en,whole,Old@x.org,Old`),
    ]);
    const first = await platform.run('instances', 'add', '--from', made);
    expect(first.exitCode, first.stderr).to.equal(0);
    await makeOld(gone);
    const before = await everything();

    const lines = [
      ...fresh.map((domain, n) => {
        const cells = EFFECTS.map(({ column, cell }) => (column === 'blocked' ? '' : cell(n + 100)));
        return [domain, ...cells].map(quoted).join(',');
      }),
      ...changed.map((domain, n) => {
        const cells = EFFECTS.map(({ cell }, at) => (n % EFFECTS.length === at ? cell(n) : ''));
        return [domain, ...cells].map(quoted).join(',');
      }),
      ...kept.map((domain) => [domain, ...EFFECTS.map(() => '')].map(quoted).join(',')),
    ];
    const file = await platform.write('whole.csv', [
      COLUMNS.join(','),
      ...lines,
      await endOf(platform, lines.length),
    ]);
    const flags = ['--from', file, '--prune', '--scope', 'domain=*.whole.org'];
    const look: Ran = await platform.run('apply', ...flags, '--dry-run', '--json');
    expect(look.exitCode, look.stdout + look.stderr).to.equal(10);
    expect(JSON.parse(look.stdout).counts).to.include({
      ...{ rows: 105, toDo: 100, new: 50, destroy: 20, same: 5, held: 0, refused: 0 },
      ...{ change: 29, install: 1 },
    });
    const ran = await platform.run('apply', ...flags, '--force', '--however-many', '22');
    expect(ran.exitCode, ran.stdout + ran.stderr).to.equal(0);
    const after = await everything();

    expect([...after.keys()].sort()).to.deep.equal([...fresh, ...changed, ...kept].sort());
    for (const domain of kept) expect(after.get(domain)).to.deep.equal(before.get(domain));
    for (const [n, domain] of changed.entries()) {
      const then = before.get(domain);
      const now = after.get(domain);
      if (then === undefined || now === undefined) throw new Error(`${domain} is not there`);
      const effect = EFFECTS[n % EFFECTS.length];
      const { instance = () => ({}), settings = () => ({}) } = effect ?? {};
      expect(without(now.instance), domain).to.deep.equal({ ...without(then.instance), ...instance(n) });
      const { _rev: _now, ...settingsNow } = now.settings;
      const { _rev: _then, ...settingsThen } = then.settings;
      expect(settingsNow, domain).to.deep.equal({ ...settingsThen, ...settings(n) });
      expect(now.apps, domain).to.deep.equal(effect?.column === 'apps' ? ['io.cozy.apps/agenda'] : []);
    }
    for (const [n, domain] of fresh.entries()) {
      const now = after.get(domain);
      if (now === undefined) throw new Error(`${domain} is not there`);
      for (const { column, instance = () => ({}), settings = () => ({}) } of EFFECTS) {
        if (column === 'blocked') continue;
        for (const [field, value] of Object.entries(instance(n + 100))) {
          const found = now.instance[field];
          const isList = Array.isArray(found) && Array.isArray(value);
          expect(isList ? [...found].sort() : found, `${field} of ${domain}`).to.deep.equal(
            isList ? [...value].sort() : value,
          );
        }
        expect(now.settings, domain).to.deep.include(settings(n + 100));
      }
      expect(now.apps, domain).to.deep.equal(['io.cozy.apps/agenda']);
    }

    const again = await platform.run('apply', ...flags, '--dry-run', '--json');
    expect(again.exitCode, again.stdout).to.equal(0);
    expect(JSON.parse(again.stdout).counts).to.include({ rows: 85, toDo: 0, same: 85 });
  });

  it('is what is written of it, so that that list has nothing to do', async () => {
    const list = await platform.run('export', '--as-list');
    expect(list.exitCode, list.stderr).to.equal(0);
    const lines = list.stdout.trimEnd().split('\n');
    expect(lines).to.have.length(87);
    expect(lines.at(-1)).to.match(/^# end since \d[\w-]* rows 85 \d{4}-\d\d-\d\dT/);
    const file = await platform.write('exported.csv', lines);
    const again = await platform.run('apply', '--from', file, '--dry-run', '--json');
    expect(again.exitCode, again.stdout).to.equal(0);
    expect(JSON.parse(again.stdout).counts).to.include({ rows: 85, toDo: 0, same: 85 });
    const ndjson = await platform.run('export', '--as-list', '--format', 'ndjson');
    const other = await platform.write('exported.ndjson', ndjson.stdout.trimEnd().split('\n'));
    const same = await platform.run('apply', '--from', other, '--dry-run', '--json');
    expect(JSON.parse(same.stdout).counts).to.include({ rows: 85, toDo: 0, same: 85 });
  });

  it('is one batch, whose rows say of which kind they are', async () => {
    const { stdout } = await platform.run('batches', 'export', '--use-most-recent');
    const rows = stdout.split('\n').map((line) => line.split(','));
    const statusOf = (domain: string) => rows.find(([name]) => name === domain)?.[1];
    expect(statusOf('new1.whole.org')).to.equal('created');
    expect(statusOf('gone1.whole.org')).to.equal('destroyed');
    expect(statusOf('changed1.whole.org')).to.equal('modified');
    const { stdout: shown } = await platform.run('batches', 'show', '--use-most-recent', '--state', 'done');
    expect(shown).to.match(/Kind +mixed/);
    expect(shown).to.match(/gone1\.whole\.org\s+destroy/);
    const { stdout: listed } = await platform.run('jobs', 'ls', '--kind', 'destroy', '--json');
    expect(listed).to.contain('gone1.whole.org').and.not.to.contain('new1.whole.org');
  });
});
