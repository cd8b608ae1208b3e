import { expect } from 'chai';
import { reservationId } from '../../../src/instances/databases/prefix.ts';
import { type CliPlatform, runCommand, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

/** Recorded from the stack (`docs/admin-api.md` §7), among other instances; one had a locale of five letters. */
const FIELDS = `plain-en.example.org:8080  en     <nil>        <nil>
alice.example.org          fr     5000000000   <nil>
pass.example.org           en     <nil>        <nil>
blocked.example.org        en     <nil>        true
éléonore.example.org       fr     <nil>        <nil>
full.example.org           fr     5000000000   <nil>
minimal.example.org        en     <nil>        <nil>
onboarded.example.org      en     <nil>        <nil>
cli.example.org            fr     50000000000  <nil>
`;

const AVAILABLE_FIELDS = `domain
domain_aliases
org_domain
org_id
old_domain
prefix
locale
uuid
oidc_id
context
sponsorships
feature_sets
tos
tos_latest
auth_mode
no_auto_update
blocked
onboarding_finished
password_defined
magic_link
disk_quota
indexes_version
couch_cluster
swift_cluster
passphrase_reset_token
passphrase_reset_time
register_token
db_prefix
`;

const TOKEN = 'dk2JGNsNTUb/A3ulUmuwhQ==';

describe('instances ls', () => {
  let platform: CliPlatform;

  async function listed(...flags: string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await platform.run('instances', 'ls', ...flags);
    expect({ stderr, exitCode }).to.deep.equal({ stderr: '', exitCode: 0 });
    return stdout;
  }

  before(async () => {
    platform = await startPlatform();
  });

  after(() => platform.close());

  describe('on a fresh CouchDB', () => {
    it('prints nothing', async () => {
      expect(await listed()).to.equal('');
      expect(await listed('--json')).to.equal('');
    });
  });

  describe('on the CouchDB of the recorded stack', () => {
    before(() =>
      putInstances(platform.server, [
        { domain: 'plain-en.example.org:8080', register_token: TOKEN },
        {
          domain: 'alice.example.org',
          locale: 'fr',
          disk_quota: '5000000000',
          prefix: 'cozya11ce',
          register_token: TOKEN,
        },
        { domain: 'pass.example.org', onboarding_finished: true, prefix: 'cozy9a55' },
        {
          domain: 'blocked.example.org',
          blocked: true,
          blocking_reason: '=PAYMENT, "FAILED"',
          context: 'beta',
          onboarding_finished: true,
        },
        { domain: 'éléonore.example.org', locale: 'fr', domain_aliases: ['a.org', 'b.org'] },
        { domain: 'full.example.org', locale: 'fr', disk_quota: '5000000000', context: 'beta' },
        { domain: 'minimal.example.org' },
        { domain: 'onboarded.example.org', onboarding_finished: true, deleting: true },
        { domain: 'cli.example.org', locale: 'fr', disk_quota: '50000000000', indexes_version: 37 },
        {
          _id: reservationId('zh.example.org'),
          domain: 'zh.example.org',
          locale: 'zh_CN',
          blocked: true,
          // As a message for its user leaves it.
          passphrase_hash: 'aGFzaA==',
          blocking_reason: 'PROVISIONING:0123456789abcdef',
        },
      ]),
    );

    it('prints the columns of the stack, in the order of the server', async () => {
      expect(await listed()).to.equal(
        [
          'plain-en.example.org:8080  en     unlimited  onboarding  v38             plain-en-example-org-8080',
          'alice.example.org          fr     5.0 GB     onboarding  v38  cozya11ce  cozya11ce',
          'pass.example.org           en     unlimited  onboarded   v38  cozy9a55   cozy9a55',
          'blocked.example.org        en     unlimited  onboarded   v38             blocked-example-org',
          'éléonore.example.org       fr     unlimited  pending     v38             éléonore-example-org',
          'full.example.org           fr     5.0 GB     pending     v38             full-example-org',
          'minimal.example.org        en     unlimited  pending     v38             minimal-example-org',
          'onboarded.example.org      en     unlimited  onboarded   v38             onboarded-example-org',
          'cli.example.org            fr     50 GB      pending     v37             cli-example-org',
          'zh.example.org             zh_CN  unlimited  pending     v38             zh-example-org',
          '',
        ].join('\n'),
      );
    });

    it('prints chosen fields as the stack does', async () => {
      const all = `${FIELDS}zh.example.org             zh_CN  <nil>        true\n`;
      expect(await listed('--fields', 'domain,locale,disk_quota,blocked')).to.equal(all);
      expect(await listed('--fields', 'domain', '--fields', 'locale,disk_quota,blocked')).to.equal(all);
    });

    it('prints the names of the fields without asking anybody', async () => {
      expect(await listed('--available-fields')).to.equal(AVAILABLE_FIELDS);
    });

    it('prints an object a line with --json', async () => {
      const [, alice] = (await listed('--json')).split('\n');
      expect(alice).to.equal(
        `{"domain":"alice.example.org","prefix":"cozya11ce","locale":"fr","onboarding_finished":false,"password_defined":false,"disk_quota":"5000000000","indexes_version":38,"passphrase_reset_token":null,"passphrase_reset_time":"0001-01-01T00:00:00Z","register_token":"${TOKEN}"}`,
      );
    });

    it('sorts the chosen fields with --json, and gives null for what is missing', async () => {
      const [first] = (await listed('--json', '--fields', 'locale,db_prefix,blocked')).split('\n');
      expect(first).to.equal('{"blocked":null,"db_prefix":"plain-en-example-org-8080","locale":"en"}');
    });

    it('tells the state in full with a filter', async () => {
      expect(await listed('--state', 'blocked,deleting', '--state', 'provisioning')).to.equal(
        [
          'blocked.example.org    en     unlimited  blocked       v38    blocked-example-org',
          'onboarded.example.org  en     unlimited  deleting      v38    onboarded-example-org',
          'zh.example.org         zh_CN  unlimited  provisioning  v38    zh-example-org',
          '',
        ].join('\n'),
      );
    });

    it('lists what meets all filters', async () => {
      const filters = ['--context', 'beta', '--locale', 'fr', '--domain', 'F*.EXAMPLE.org'];
      expect(await listed(...filters, '--fields', 'domain')).to.equal('full.example.org\n');
      expect(await listed('--state', 'onboarding', '--context', 'beta')).to.equal('');
    });

    it('puts a head over the columns with --format table', async () => {
      const flags = ['--format', 'table', '--state', 'onboarded'];
      expect(await listed(...flags)).to.equal(
        [
          'DOMAIN            LOCALE  QUOTA      STATE      INDEXES  PREFIX    DB-PREFIX',
          'pass.example.org  en      unlimited  onboarded  v38      cozy9a55  cozy9a55',
          '',
        ].join('\n'),
      );
      expect(await listed(...flags, '--fields', 'domain,state')).to.equal(
        'DOMAIN            STATE\npass.example.org  onboarded\n',
      );
    });

    it('gives values with --format csv', async () => {
      expect(await listed('--format', 'csv', '--domain', 'full.*')).to.equal(
        'domain,locale,disk_quota,state,indexes_version,prefix,db_prefix\n' +
          'full.example.org,fr,5000000000,pending,38,,full-example-org\n',
      );
    });

    it('keeps lists and formulas harmless in CSV', async () => {
      const flags = ['--format', 'csv', '--fields', 'domain,blocking_reason,domain_aliases'];
      expect(await listed(...flags, '--domain', '[be]*')).to.equal('domain,blocking_reason,domain_aliases\n');
      expect(await listed(...flags, '--domain', 'blocked*')).to.contain(
        `blocked.example.org,"'=PAYMENT, ""FAILED""",\n`,
      );
      expect(await listed(...flags, '--domain', 'é*')).to.contain('éléonore.example.org,,"a.org,b.org"\n');
    });

    it('lists a field that nobody has as missing, and says so beside', async () => {
      const ran = await platform.run('instances', 'ls', '--fields', 'domain,quotas', '--domain', 'cli.*');
      expect(ran).to.deep.equal({
        stdout: 'cli.example.org  <nil>\n',
        stderr: 'No instance has a field quotas.\n',
        exitCode: 0,
      });
    });

    it('refuses a state, a filter and a format that make no sense', async () => {
      const wrong = [
        ['--state', 'gone'],
        ['--context', ''],
        ['--json', '--format', 'csv'],
      ];
      for (const flags of wrong) {
        const { stdout, stderr, exitCode } = await platform.run('instances', 'ls', ...flags);
        expect(exitCode, flags.join(' ')).to.equal(2);
        expect(stdout + stderr, flags.join(' ')).to.match(/error/i);
      }
    });

    it('has the alias list, as the stack', async () => {
      const { stdout } = await platform.run('instances', 'list', '--fields', 'domain', '--domain', 'cli*');
      expect(stdout).to.equal('cli.example.org\n');
    });

    it('says with --json too when CouchDB does not answer', async () => {
      const configFile = await platform.configure({ couchUrl: 'http://admin:secret@127.0.0.1:9' });
      const { stdout, exitCode } = await runCommand('instances', 'ls', '--json', '--config', configFile);
      expect(exitCode).to.equal(1);
      expect(JSON.parse(stdout)).to.have.nested.property('error.code', 'couchdb_unreachable');
    });
  });
});
