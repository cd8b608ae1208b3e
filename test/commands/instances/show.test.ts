import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

/** Recorded from the stack (`docs/admin-api.md` §7), but for the revision. */
const shown = (rev: string) => `{
  "id": "46b5534a6cc3100711f5470755f58352",
  "meta": {
    "rev": "${rev}"
  },
  "attributes": {
    "domain": "cli.example.org",
    "domain_aliases": [
      "c1.example.org",
      "c2.example.org"
    ],
    "prefix": "cozya02e112849eedf94b057a8ebb5e0f6b3",
    "locale": "fr",
    "context": "beta",
    "tos": "1.0.0-20201231",
    "onboarding_finished": false,
    "password_defined": false,
    "disk_quota": "50000000000",
    "indexes_version": 38,
    "passphrase_reset_token": null,
    "passphrase_reset_time": "0001-01-01T00:00:00Z",
    "register_token": "dk2JGNsNTUb/A3ulUmuwhQ=="
  }
}
`;

const NOT_FOUND = 'Error: Not Found: Instance not found\n';

describe('instances show', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
  });

  after(() => platform.close());

  it('says on a fresh CouchDB that there is no such instance', async () => {
    const { stdout, stderr, exitCode } = await platform.run('instances', 'show', 'cli.example.org');
    expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 1 });
    expect(stderr).to.contain(NOT_FOUND);
  });

  describe('on a CouchDB with instances', () => {
    let rev: string;

    before(async () => {
      await putInstances(platform.server, [
        {
          _id: '46b5534a6cc3100711f5470755f58352',
          domain: 'cli.example.org',
          domain_aliases: ['c1.example.org', 'c2.example.org'],
          prefix: 'cozya02e112849eedf94b057a8ebb5e0f6b3',
          locale: 'fr',
          context: 'beta',
          tos: '1.0.0-20201231',
          disk_quota: '50000000000',
          register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==',
        },
        {
          domain: 'éléonore.example.org:8080',
          blocked: true,
          blocking_reason: 'PAYMENT_FAILED',
          deleting: true,
          passphrase_hash: 'aGFzaA==',
        },
      ]);
      const document = await platform.server.getDocument(
        'global/instances',
        '46b5534a6cc3100711f5470755f58352',
      );
      rev = document?._rev ?? '';
    });

    it('prints the JSON of the stack, to the letter', async () => {
      const ran = await platform.run('instances', 'show', 'cli.example.org');
      expect(ran).to.deep.equal({ stdout: shown(rev), stderr: '', exitCode: 0 });
    });

    it('prints the same with --json', async () => {
      const { stdout } = await platform.run('instances', 'show', 'cli.example.org', '--json');
      expect(stdout).to.equal(shown(rev));
    });

    it('finds an instance by an alias', async () => {
      const { stdout } = await platform.run('instances', 'show', 'c2.example.org');
      expect(stdout).to.equal(shown(rev));
    });

    it('finds it however the domain is written', async () => {
      for (const domain of ['ÉLÉONORE.example.org:8080', 'xn--lonore-9uab.example.org:8080']) {
        const { stdout } = await platform.run('instances', 'show', domain);
        expect(stdout, domain).to.contain('"domain": "éléonore.example.org:8080"');
      }
    });

    it('adds what the stack keeps to itself, but no secret', async () => {
      const { stdout } = await platform.run('instances', 'show', 'éléonore.example.org:8080');
      const { attributes } = JSON.parse(stdout);
      expect(Object.keys(attributes).slice(-2)).to.deep.equal(['blocking_reason', 'deleting']);
      expect(stdout).not.to.match(/_secret|passphrase_hash/);
    });

    it('says what it did not find', async () => {
      const { stdout, stderr, exitCode } = await platform.run('instances', 'show', 'nobody.example.org');
      expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 1 });
      expect(stderr).to.equal(
        `${NOT_FOUND}No instance has nobody.example.org as its domain or as an alias.\n`,
      );
    });

    it('says so with --json as an error with a code', async () => {
      const ran = await platform.run('instances', 'show', 'nobody.example.org', '--json');
      expect(JSON.parse(ran.stdout)).to.have.nested.property('error.code', 'not_found');
      expect(ran.exitCode).to.equal(1);
    });

    it('refuses what is no domain', async () => {
      const { stderr, exitCode } = await platform.run('instances', 'show', 'bad domain');
      expect(stderr).to.contain('"bad domain" cannot be used as a domain');
      expect(exitCode).to.equal(2);
    });
  });
});
