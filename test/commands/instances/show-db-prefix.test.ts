import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

describe('instances show-db-prefix', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await putInstances(platform.server, [
      { domain: 'cli.example.org', prefix: 'cozya02e112849eedf94b057a8ebb5e0f6b3' },
      { domain: 'old.example.org:8080', couch_cluster: 2 },
    ]);
  });

  after(() => platform.close());

  it('prints the prefix', async () => {
    const ran = await platform.run('instances', 'show-db-prefix', 'cli.example.org');
    expect(ran).to.deep.equal({
      stdout: 'cozya02e112849eedf94b057a8ebb5e0f6b3\n',
      stderr: '',
      exitCode: 0,
    });
  });

  it('makes one of the domain where there is none, and names the cluster', async () => {
    const { stdout } = await platform.run('instances', 'show-db-prefix', 'old.example.org:8080');
    expect(stdout).to.equal('old-example-org-8080\ncouch_cluster: 2\n');
  });

  it('gives both with --json', async () => {
    const { stdout } = await platform.run('instances', 'show-db-prefix', 'old.example.org:8080', '--json');
    expect(JSON.parse(stdout)).to.deep.equal({ db_prefix: 'old-example-org-8080', couch_cluster: 2 });
  });

  it('says what it did not find', async () => {
    const ran = await platform.run('instances', 'show-db-prefix', 'nobody.example.org');
    expect(ran).to.include({ stdout: '', exitCode: 1 });
    expect(ran.stderr).to.contain('Error: Not Found: Instance not found\n');
  });
});
