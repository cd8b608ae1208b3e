import { expect } from 'chai';
import { type CliPlatform, runCommand, startPlatform } from '../support/cli-platform.ts';
import { testPort } from '../support/test-port.ts';

describe('doctor', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
  });
  after(() => platform.close());

  it('shows each finding below its subject, with what to do, and ends with 0 where nothing fails', async () => {
    const { stdout, stderr, exitCode } = await platform.run('doctor');
    expect(stderr).to.equal('');
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^Configuration\n {2}ok {4}read from .*cozy-1\.yaml\n/);
    expect(stdout).to.contain(
      `CouchDB\n  warn  the server at ${new URL(platform.couch.url).host} is the embedded one, for trials only: ` +
        'it has no settings to look at\n        do: For instances that anybody needs, set couchdb.url to a CouchDB 3.\n',
    );
    expect(stdout).to.match(/\n\d+ checks: 0 fail, \d+ warn\.\n$/);
  });

  it('answers the same as JSON', async () => {
    const { stdout, exitCode } = await platform.run('doctor', '--json');
    const { checks, fails, warnings } = JSON.parse(stdout);
    expect(exitCode).to.equal(0);
    expect(fails).to.equal(0);
    expect(warnings).to.equal(checks.filter((each: { verdict: string }) => each.verdict === 'warn').length);
    expect(checks[0]).to.include({ subject: 'configuration', check: 'file', verdict: 'ok' });
  });

  it('ends with 1 where something fails, as JSON too', async () => {
    const file = await platform.configure({ redisUrl: `redis://:geheim@127.0.0.1:${await testPort()}` });
    const told = await runCommand('doctor', '--config', file);
    expect(told.exitCode).to.equal(1);
    expect(told.stdout).to.match(/\nRedis\n {2}fail {2}Redis does not answer at .*\n {8}do: Start it/);
    const json = await runCommand('doctor', '--json', '--config', file);
    expect(json.exitCode).to.equal(1);
    expect(JSON.parse(json.stdout).fails).to.be.greaterThan(0);
    expect(told.stdout + json.stdout).not.to.contain('geheim');
  });

  it('looks at a configuration that cannot be loaded', async () => {
    const file = await platform.write('broken.yaml', [
      'fs: { url: file:///srv }',
      'fleet:',
      '  concurency: 4',
      '  q: 999',
    ]);
    const { stdout, exitCode } = await runCommand('doctor', '--config', file);
    expect(exitCode).to.equal(1);
    expect(stdout).to.contain(
      `fail  ${file}:3: fleet.concurency is not a setting of cozy-fleet\n        do: Call it concurrency`,
    );
    expect(stdout).to.contain(`fail  ${file}:4: fleet.q must be a whole number`);
  });

  it('says what is no YAML, and where', async () => {
    const file = await platform.write('no.yaml', ['fs: [', 'password: geheim']);
    const { stdout, exitCode } = await runCommand('doctor', '--config', file);
    expect(exitCode).to.equal(1);
    expect(stdout).to.match(/fail {2}.*no\.yaml:\d: The configuration is not valid YAML/);
    expect(stdout).not.to.contain('geheim');
  });

  it('refuses a file that is not there', async () => {
    const { stderr, exitCode } = await runCommand('doctor', '--config', '/no/such/file');
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('There is no configuration file /no/such/file.');
  });
});
