import { lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { SETTINGS } from '../../../src/instances/databases/databases.ts';
import { databaseName, databasePrefix, reservationId } from '../../../src/instances/databases/prefix.ts';
import { SETTINGS_ID } from '../../../src/instances/documents/settings-document.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';
import { submit } from '../../support/submit.ts';

const HEAD = 'domain,status,register_token,link,error_stage,error';

describe('batches export', () => {
  let platform: CliPlatform;

  async function tokenOf(domain: string): Promise<string> {
    const [instance] = await findByNames(platform.server, [domain]);
    return Buffer.from(instance?.register_token ?? '', 'base64').toString('hex');
  }

  const created = async (domain: string) => {
    const token = await tokenOf(domain);
    return `${domain},created,${token},https://${domain}/?registerToken=${token},,`;
  };

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
    await platform.run('instances', 'add', 'zoe.example.org', '--email', 'zoe@example.org');
  });

  after(() => platform.close());

  it('gives the tokens that CouchDB has, in the order of the file', async () => {
    const { batch } = await submit(platform, 'a.csv', ['domain', 'a2.example.org', 'a1.example.org']);
    const { stdout, exitCode } = await platform.run('batches', 'export', batch.toLowerCase());
    expect(stdout.split('\n')).to.deep.equal([
      HEAD,
      await created('a2.example.org'),
      await created('a1.example.org'),
      '',
    ]);
    expect(exitCode).to.equal(0);
  });

  it('writes them into a new file that only its owner may read', async () => {
    const { batch } = await submit(platform, 'o.csv', ['domain', 'o.example.org']);
    const file = join(dirname(platform.configFile), 'invitations.csv');
    const { stdout, exitCode, stderr } = await platform.run('batches', 'export', batch, '--output', file);
    expect([stdout, exitCode], stderr).to.deep.equal(['', 0]);
    expect(readFileSync(file, 'utf8')).to.equal(`${HEAD}\n${await created('o.example.org')}\n`);
    expect(lstatSync(file).mode & 0o777).to.equal(0o600);
    const again = await platform.run('batches', 'export', batch, '--output', file);
    expect(again.exitCode).to.equal(2);
    expect(again.stderr).to.include('There is such a file already');
  });

  it('never gives the token of somebody else’s instance', async () => {
    const lines = ['domain,email', 'zoe.example.org,other@example.org', 'b.example.org,b@example.org'];
    const { batch } = await submit(platform, 'b.csv', lines);
    const { stdout } = await platform.run('batches', 'export', batch);
    expect(stdout).not.to.contain(await tokenOf('zoe.example.org'));
    expect(stdout).to.contain('zoe.example.org,failed,,,register,taken: ');
  });

  it('gives no token of an instance that was there before', async () => {
    const lines = ['domain,email', 'zoe.example.org,zoe@example.org'];
    const { batch } = await submit(platform, 'c.csv', lines);
    const { stdout } = await platform.run('batches', 'export', batch);
    expect(stdout).to.equal(`${HEAD}\nzoe.example.org,exists,,,,\n`);
  });

  it('gives no token of a later life of the domain', async () => {
    const { batch } = await submit(platform, 'd.csv', ['domain', 'd.example.org']);
    const [instance] = await findByNames(platform.server, ['d.example.org']);
    if (instance === undefined) throw new Error('it was not made');
    const later = { ...instance, cli_secret: 'another life' };
    await platform.server.putDocument(INSTANCES, later);
    const { stdout } = await platform.run('batches', 'export', batch);
    expect(stdout).to.contain('d.example.org,superseded,,,,');
  });

  it('gives no token of an owner who has registered', async () => {
    const { batch } = await submit(platform, 'e.csv', ['domain', 'e.example.org']);
    const [instance] = await findByNames(platform.server, ['e.example.org']);
    if (instance === undefined) throw new Error('it was not made');
    const { register_token: _used, ...registered } = instance;
    await platform.server.putDocument(INSTANCES, { ...registered, onboarding_finished: true });
    const { stdout } = await platform.run('batches', 'export', batch);
    expect(stdout).to.contain('e.example.org,created,,,,');
  });

  it('gives no token of an owner who needs no welcome: the link would not work', async () => {
    const lines = ['domain,oidc_id,onboarding-finished', 'w.example.org,o-1,true'];
    const { batch } = await submit(platform, 'w.csv', lines);
    const { stdout } = await platform.run('batches', 'export', batch);
    expect(stdout).to.equal(`${HEAD}\nw.example.org,created,,,,\n`);
    const { stdout: listed } = await platform.run('instances', 'ls');
    expect(listed).to.match(/w\.example\.org .*onboarded/);
  });

  it('writes JSON lines as well', async () => {
    const { batch } = await submit(platform, 'f.csv', ['domain', 'f.example.org']);
    const { stdout } = await platform.run('batches', 'export', batch, '--format', 'ndjson');
    const token = await tokenOf('f.example.org');
    expect(JSON.parse(stdout)).to.deep.equal({
      domain: 'f.example.org',
      status: 'created',
      register_token: token,
      link: `https://f.example.org/?registerToken=${token}`,
    });
  });

  it('refuses a batch that is not there', async () => {
    const { stderr, exitCode } = await platform.run('batches', 'export', 'ZZZZZ');
    expect(stderr).to.contain('there is no batch ZZZZZ');
    expect(exitCode).to.equal(2);
  });

  it('needs a batch or a file', async () => {
    expect(await platform.run('batches', 'export')).to.include({ exitCode: 2, stdout: '' });
  });

  it('gives no token for a row whose document cannot be read any more', async () => {
    const { batch } = await submit(platform, 'n.csv', ['domain', 'n.example.org', 'p.example.org']);
    const document = await platform.server.getDocument(INSTANCES, reservationId('n.example.org'));
    await platform.server.putDocument(INSTANCES, { ...document, _id: document?._id ?? '', old_domain: {} });
    const { stdout, exitCode } = await platform.run('batches', 'export', batch);
    expect(stdout).to.match(/n\.example\.org,unreadable,,,,document \w+ of .*old_domain is not a text/);
    expect(stdout).to.contain(await created('p.example.org'));
    expect(exitCode).to.equal(0);
  });

  describe('--from', () => {
    it('tells what became of each row without Redis', async () => {
      await submit(platform, 'g.csv', ['domain,email', 'g.example.org,g@example.org']);
      await platform.run('instances', 'add', 'h.example.org', '--domain-aliases', 'h2.example.org');
      const file = await platform.write('lost.csv', [
        'domain,email',
        'g.example.org,G@example.org',
        'zoe.example.org,other@example.org',
        'h2.example.org,',
        'missing.example.org,',
      ]);
      await platform.redis.flush();
      const { stdout, exitCode } = await platform.run('batches', 'export', '--from', file);
      expect(stdout.split('\n')).to.deep.equal([
        HEAD,
        await created('g.example.org'),
        'zoe.example.org,taken,,,,it belongs to somebody else',
        'h2.example.org,taken,,,,it is an alias of h.example.org',
        'missing.example.org,missing,,,,',
        '',
      ]);
      expect(exitCode).to.equal(0);
    });

    it('knows a person by the settings of an instance with an empty prefix', async () => {
      const domain = 'old.example.org';
      const database = databaseName(databasePrefix({ domain }), SETTINGS);
      await putInstances(platform.server, [{ domain, prefix: '' }]);
      await platform.server.createDatabase(database);
      await platform.server.putDocument(database, { _id: SETTINGS_ID, email: 'old@example.org' });
      const file = await platform.write('old.csv', ['domain,email', `${domain},old@example.org`]);
      const { stdout } = await platform.run('batches', 'export', '--from', file);
      expect(stdout).to.contain('old.example.org,created,,,,');
    });

    it('goes on past documents that cannot be read, and clusters that are not configured', async () => {
      await submit(platform, 'm.csv', ['domain,email', 'm.example.org,m@example.org']);
      const odd = { domain: 'odd.example.org', register_token: 'AAAA', prefix: 5 };
      const far = { domain: 'far.example.org', register_token: 'AAAA', couch_cluster: 7 };
      await platform.server.putDocument(INSTANCES, { _id: 'odd', ...odd });
      await platform.server.putDocument(INSTANCES, { _id: 'far', ...far });
      const file = await platform.write('odd.csv', [
        'domain,email',
        'odd.example.org,o@example.org',
        'far.example.org,f@example.org',
        'm.example.org,m@example.org',
      ]);
      const { stdout, exitCode } = await platform.run('batches', 'export', '--from', file);
      expect(stdout.split('\n')).to.deep.equal([
        HEAD,
        'odd.example.org,unreadable,,,,document odd of global/instances cannot be read: prefix is not a text',
        'far.example.org,wrong_cluster,,,,"it is on CouchDB cluster 7, which is not configured"',
        await created('m.example.org'),
        '',
      ]);
      expect(exitCode).to.equal(0);
    });

    it('hands no token to a row that says nothing by which a person is known', async () => {
      const lines = ['domain,public-name', 'i.example.org,Ina', 'j.example.org,', 'k.example.org,'];
      await submit(platform, 'i.csv', lines);
      const file = await platform.write('nameless.csv', [
        'domain,public-name,uuid',
        'i.example.org,Ina,',
        'j.example.org,,',
        'k.example.org,,somebody',
      ]);
      const { stdout } = await platform.run('batches', 'export', '--from', file);
      const none = '"no token: the row gives no uuid, oidc_id or email by which the owner is known"';
      expect(stdout.split('\n')).to.deep.equal([
        HEAD,
        `i.example.org,created,,,,${none}`,
        `j.example.org,created,,,,${none}`,
        'k.example.org,taken,,,,it belongs to somebody else',
        '',
      ]);
    });

    it('hands the token to whom an id recognizes, and not to who has but the address', async () => {
      await submit(platform, 'l.csv', ['domain,email,oidc_id', 'l.example.org,l@example.org,o-l']);
      const token = await tokenOf('l.example.org');
      const mine = await platform.write('l-mine.csv', [
        'domain,oidc_id,email',
        'l.example.org,o-l,new@b.org',
      ]);
      expect((await platform.run('batches', 'export', '--from', mine)).stdout).to.contain(token);
      const other = await platform.write('l-other.csv', [
        'domain,oidc_id,email',
        'l.example.org,o-x,l@example.org',
      ]);
      const { stdout } = await platform.run('batches', 'export', '--from', other);
      expect(stdout).to.contain('l.example.org,taken,').and.not.to.contain(token);
    });

    it('tells bad rows on stderr and goes on', async () => {
      const file = await platform.write('bad.csv', ['domain', 'bad domain', 'missing.example.org']);
      const { stdout, stderr, exitCode } = await platform.run('batches', 'export', '--from', file);
      expect(stdout).to.equal(`${HEAD}\nmissing.example.org,missing,,,,\n`);
      expect(stderr).to.contain(`${file}:2: domain: `);
      expect(exitCode).to.equal(2);
    });
  });
});
