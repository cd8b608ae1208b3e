import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SETTINGS } from '../../../src/instances/databases/databases.ts';
import { databaseName, databasePrefix, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { reservationDocument } from '../../../src/instances/documents/reservation.ts';
import { SETTINGS_ID } from '../../../src/instances/documents/settings-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import type { RawOptions } from '../../../src/instances/options/flags.ts';
import { newSecrets } from '../../../src/instances/vault/secrets.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { untilRequested } from '../../support/until-requested.ts';

describe('registering a domain', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  const ALICE = { email: 'alice@example.org', 'public-name': 'Alice' };

  /** Puts a reservation there, as a job with these options would. */
  async function reserve(raw: RawOptions) {
    const { options } = test.parse(raw);
    return await test.putInstance(reservationDocument(options, { secrets: newSecrets(), cluster: 0 }));
  }

  it('that is the same person’s already says that it exists, and changes nothing', async () => {
    const domain = test.domain('exists');
    await test.create({ domain, ...ALICE });
    const before = await test.instance(domain);
    const again = { domain, email: 'Alice@Example.org', 'public-name': 'Alice Martin', locale: 'fr' };
    const { end, jobId } = await test.create(again);
    expect(end).to.include({ state: 'done', outcome: 'exists', incarnation: undefined });
    expect(await test.instance(domain)).to.deep.equal(before);
    expect((await test.fleet.queue.getJob(jobId))?.data).to.include({ outcome: 'exists' });
  });

  it('that is the same person’s by an id says that it exists, whatever became of the address', async () => {
    const domain = test.domain('exists-by-id');
    await test.create({ domain, ...ALICE, oidc_id: 'alice' });
    const { end } = await test.create({ domain, email: 'married@example.org', oidc_id: 'alice' });
    expect(end).to.include({ state: 'done', outcome: 'exists' });
  });

  const WHO = { ...ALICE, uuid: 'alice-uuid', oidc_id: 'alice-oidc' };
  for (const [what, other] of [
    ['email', { email: 'bob@example.org' }],
    ['name, and nothing else to know the person by', { 'public-name': 'Bob' }],
    ['uuid', { ...WHO, uuid: 'another' }],
    ['oidc_id', { ...WHO, oidc_id: 'another' }],
  ] as const) {
    it(`that is there with another ${what} is taken`, async () => {
      const domain = test.domain(`taken-${what.slice(0, 4).replace('_', '-')}`);
      await test.create({ domain, ...WHO });
      const before = await test.instance(domain);
      const { end } = await test.create({ domain, ...other });
      expect(end).to.include({ state: 'failed', code: 'taken' });
      expect(JSON.stringify(end)).to.not.include('alice@example.org');
      expect(await test.instance(domain)).to.deep.equal(before);
    });
  }

  it('that a stack made with an id of its own is seen', async () => {
    const domain = test.domain('stack');
    await test.putInstance({ domain, prefix: prefixOf(domain) });
    expect((await test.create({ domain, ...ALICE })).end).to.include({ state: 'failed', code: 'taken' });
    expect(await test.databases(domain)).to.deep.equal([]);
  });

  it('that is there with an empty prefix is told by the settings of its domain', async () => {
    const domain = test.domain('no-prefix');
    const database = databaseName(databasePrefix({ domain }), SETTINGS);
    await test.putInstance({ domain, prefix: '' });
    await test.server.createDatabase(database);
    try {
      await test.server.putDocument(database, { _id: SETTINGS_ID, email: ALICE.email, public_name: 'Alice' });
      const { end } = await test.create({ domain, ...ALICE });
      expect(end).to.include({ state: 'done', outcome: 'exists' });
    } finally {
      await test.server.deleteDatabase(database);
    }
  });

  it('that is being deleted says so', async () => {
    const domain = test.domain('on-its-way-out');
    await test.create({ domain, ...ALICE });
    await test.putInstance({ ...(await test.instance(domain)), domain, deleting: true });
    expect((await test.create({ domain, ...ALICE })).end).to.include({ state: 'failed', code: 'deleting' });
  });

  it('gives up a reservation beside which a stack has made the instance', async () => {
    const domain = test.domain('both');
    const reserved = await reserve({ domain, ...ALICE });
    const theirs = await test.putInstance({ domain, prefix: prefixOf(domain) });
    expect((await test.create({ domain, ...ALICE })).end).to.include({ state: 'failed', code: 'taken' });
    expect(await test.server.getDocument(INSTANCES, reserved._id)).to.equal(undefined);
    expect(await test.server.getDocument(INSTANCES, theirs._id)).to.include({ domain });
  });

  it('that is an alias of another instance is taken', async () => {
    const [domain, owner] = [test.domain('is-alias'), test.domain('alias-owner')];
    await test.create({ domain: owner, 'domain-aliases': domain });
    const { end } = await test.create({ domain });
    expect(end).to.include({ state: 'failed', code: 'taken' });
    expect(JSON.stringify(end)).to.include(owner);
    expect(await test.instance(domain)).to.equal(undefined);
  });

  it('with an alias that is another instance’s domain is taken', async () => {
    const [domain, owner] = [test.domain('wants'), test.domain('wanted')];
    await test.create({ domain: owner });
    const { end } = await test.create({ domain, 'domain-aliases': `${test.domain('free')},${owner}` });
    expect(end).to.include({ state: 'failed', code: 'taken' });
    expect(await test.instance(domain)).to.equal(undefined);
    expect(await test.databases(domain)).to.deep.equal([]);
  });

  it('with an alias that is another instance’s alias is taken', async () => {
    const [domain, owner, alias] = [test.domain('second'), test.domain('first'), test.domain('shared')];
    await test.create({ domain: owner, 'domain-aliases': alias });
    const { end } = await test.create({ domain, 'domain-aliases': alias });
    expect(end).to.include({ state: 'failed', code: 'taken' });
  });

  it('with an alias that another job has reserved is taken', async () => {
    const [domain, owner] = [test.domain('late'), test.domain('early')];
    await reserve({ domain: owner });
    const { end } = await test.create({ domain, 'domain-aliases': owner });
    expect(end).to.include({ state: 'failed', code: 'taken' });
  });

  it('that somebody moved away from is refused', async () => {
    const [domain, moved] = [test.domain('old'), test.domain('new')];
    await test.putInstance({ domain: moved, old_domain: domain, prefix: prefixOf(domain) });
    const { end } = await test.create({ domain });
    expect(end).to.include({ state: 'failed', code: 'old_domain' });
    expect(await test.instance(domain)).to.equal(undefined);
  });

  it('with an alias that somebody moved away from is refused', async () => {
    const [domain, alias, moved] = [test.domain('by-alias'), test.domain('old-alias'), test.domain('new2')];
    await test.putInstance({ domain: moved, old_domain: alias, prefix: prefixOf(alias) });
    const { end } = await test.create({ domain, 'domain-aliases': `${test.domain('zz')},${alias}` });
    expect(end).to.include({ state: 'failed', code: 'old_domain' });
  });

  for (const [what, fieldsOf] of [
    [
      'the prefix of its databases',
      (domain: string) => ({ domain: `renamed-${domain}`, prefix: prefixOf(domain) }),
    ],
    ['its directory where case does not count', (domain: string) => ({ domain: domain.toUpperCase() })],
    ['its domain behind a slash', (domain: string) => ({ domain: `../${domain}` })],
  ] as const) {
    it(`that another document means by ${what} is refused, and names that document`, async () => {
      const domain = test.domain(`meant-${what.length}`);
      const other = await test.putInstance(fieldsOf(domain));
      const { end } = await test.create({ domain });
      expect(end).to.include({ state: 'failed', code: 'taken' });
      expect(JSON.stringify(end)).to.include(other._id);
      expect(await test.instance(domain)).to.equal(undefined);
      expect(await test.databases(domain)).to.deep.equal([]);
      await test.server.deleteDocument(INSTANCES, other._id, other._rev);
    });
  }

  it('is refused while a database of an earlier life is left, which stays as it is', async () => {
    const domain = test.domain('database-left');
    const name = `${prefixOf(domain)}/io-cozy-files`;
    await test.server.createDatabase(name);
    await test.server.putDocument(name, { _id: 'precious' });
    const { end } = await test.create({ domain });
    expect(end).to.include({ state: 'failed', code: 'leftovers' });
    expect(await test.databases(domain)).to.deep.equal([name]);
    const rows = await test.server.allDocuments(name, {});
    expect(rows.map(({ id }) => id)).to.deep.equal(['precious']);
    expect(await test.instance(domain)).to.equal(undefined);
    await test.remove(domain);
  });

  it('waits for a database that is just being deleted', async () => {
    const domain = test.domain('deleting');
    const name = `${prefixOf(domain)}/io-cozy-files`;
    await test.server.createDatabase(name);
    const start = new URLSearchParams({ start_key: JSON.stringify(`${prefixOf(domain)}/`) });
    // What was found at the first look is the reason for the second.
    const lookedTwice = untilRequested(start.toString(), 2);
    const jobId = await test.submit({ domain });
    await lookedTwice;
    await test.server.deleteDatabase(name);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
  });

  it('is refused while files of an earlier life are left, which stay as they are', async () => {
    const domain = test.domain('files-left');
    await mkdir(join(test.storageRoot, domain));
    await writeFile(join(test.storageRoot, domain, 'precious.txt'), 'x');
    const { end } = await test.create({ domain });
    expect(end).to.include({ state: 'failed', code: 'leftovers' });
    expect(await readdir(join(test.storageRoot, domain))).to.deep.equal(['precious.txt']);
    expect(await test.instance(domain)).to.equal(undefined);
    expect(await test.databases(domain)).to.deep.equal([]);
  });

  it('goes on with a reservation that was made with the very same options', async () => {
    const raw = { domain: test.domain('adopted'), ...ALICE, 'domain-aliases': test.domain('adopted-alias') };
    const reservation = await reserve(raw);
    expect((await test.create(raw)).end).to.include({ state: 'done', outcome: 'created' });
    const instance = await test.instance(raw.domain);
    expect(instance?._id).to.equal(reservation._id);
    expect(instance?.cli_secret).to.equal(reservation.cli_secret);
    expect(instance).to.not.have.any.keys('blocked', 'blocking_reason');
  });

  it('is refused where it is reserved with other options, and leaves that reservation', async () => {
    const raw = { domain: test.domain('reserved'), ...ALICE };
    const reservation = await reserve(raw);
    const { end } = await test.create({ ...raw, locale: 'fr' });
    expect(end).to.include({ state: 'failed', code: 'reserved' });
    expect(await test.instance(raw.domain)).to.deep.equal(reservation);
  });

  for (const [what, fields] of [
    ['has a way in', { register_token: 'dG9rZW4=' }],
    ['has none, and not the id of a reservation', {}],
  ] as const) {
    it(`does not say that it exists where it is blocked as reserved and ${what}`, async () => {
      const domain = test.domain(`shut-${Object.keys(fields).length}`);
      const blocked = { blocked: true, blocking_reason: 'PROVISIONING:0123456789abcdef' };
      const before = await test.putInstance({ domain, prefix: prefixOf(domain), ...blocked, ...fields });
      expect((await test.create({ domain })).end).to.include({ state: 'failed', code: 'reserved' });
      expect(await test.instance(domain)).to.deep.equal(before);
    });
  }

  it('blocks it until it is finished, with nothing in it that opens a way in', async () => {
    const raw = {
      domain: test.domain('provisioning'),
      ...ALICE,
      uuid: 'u',
      oidc_id: 'o',
      franceconnect_id: 'f',
      'old-domain': test.domain('before'),
      'org-domain': 'org.example.org',
      'org-id': 'org',
    };
    let reserved: object = {};
    test.beforeStage('databases', async () => {
      reserved = (await test.instance(raw.domain)) ?? {};
    });
    await test.create(raw);
    expect(reserved).to.include({ blocked: true, indexes_version: 39, prefix: prefixOf(raw.domain) });
    expect(reserved)
      .to.have.property('blocking_reason')
      .that.matches(/^PROVISIONING:[0-9a-f]{16}$/);
    expect(reserved).to.not.have.any.keys(
      'register_token',
      'passphrase_hash',
      'uuid',
      'oidc_id',
      'franceconnect_id',
      'old_domain',
      'org_domain',
      'org_id',
    );
    const finished = await test.instance(raw.domain);
    expect(finished).to.include({ uuid: 'u', oidc_id: 'o', franceconnect_id: 'f', org_id: 'org' });
    expect(finished).to.not.have.any.keys('blocked', 'blocking_reason');
  });
});

describe('choosing a CouchDB cluster', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({
      configure: (config) => {
        const { url } = config.couchdb;
        const clusters = [false, true, true].map((creation) => ({ url, creation }));
        return { ...config, couchdb: { url, clusters } };
      },
    });
  });

  after(() => test.close());

  it('takes the one that was asked for, and 0 is not written', async () => {
    const domain = test.domain('zero');
    await test.create({ domain, 'couch-cluster': '0' });
    expect(await test.instance(domain)).to.not.have.property('couch_cluster');
  });

  it('takes one of those open to creation where none was asked for', async () => {
    const domains = Array.from({ length: 6 }, (_, at) => test.domain(`any${at}`));
    await Promise.all(domains.map((domain) => test.create({ domain })));
    const chosen = await Promise.all(
      domains.map(async (domain) => (await test.instance(domain))?.couch_cluster),
    );
    expect([1, 2]).to.include.members(chosen);
  });
});
