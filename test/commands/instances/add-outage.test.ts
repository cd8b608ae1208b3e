import { expect } from 'chai';
import { type CliPlatform, runCommand, spawnCommand, startPlatform } from '../../support/cli-platform.ts';
import { testPort } from '../../support/test-port.ts';

const PASSWORD = 'tr0ub4dor';

describe('instances add where something is not there', () => {
  let platform: CliPlatform;
  let file: string;
  let before: string[];

  beforeEach(async () => {
    platform = await startPlatform({ ownProcess: true });
    file = await platform.write('school.csv', ['domain', 'a.example.org']);
    before = await platform.everything();
  });

  afterEach(async () => {
    expect(await platform.everything()).to.deep.equal(before);
    await platform.close();
  });

  for (const what of ['one', 'a file']) {
    const source = () => (what === 'one' ? ['a.example.org'] : ['--from', file]);

    it(`tells of a CouchDB that is away, for ${what}`, async () => {
      const port = await testPort();
      const config = await platform.configure({ couchUrl: `http://admin:${PASSWORD}@127.0.0.1:${port}` });
      const { stdout, stderr, exitCode } = await runCommand('instances', 'add', ...source(), '-c', config);
      expect(stderr).to.contain(`Error: CouchDB does not answer at 127.0.0.1:${port}\n`);
      expect(stdout + stderr).not.to.contain(PASSWORD);
      expect(exitCode).to.equal(1);
    });

    it(`tells of a CouchDB that refuses the password, for ${what}`, async () => {
      const url = new URL(platform.couch.url);
      url.password = PASSWORD;
      const config = await platform.configure({ couchUrl: url.href });
      const { stdout, stderr, exitCode } = await runCommand('instances', 'add', ...source(), '-c', config);
      expect(stderr).to.contain(
        `Error: CouchDB at ${url.host} refuses the user or password. They are not tried`,
      );
      expect(stdout + stderr).not.to.contain(PASSWORD);
      expect(exitCode).to.equal(1);
    });

    it(`tells of a Redis that is away, for ${what}`, async () => {
      const port = await testPort();
      const config = await platform.configure({ redisUrl: `redis://:${PASSWORD}@127.0.0.1:${port}` });
      const { stdout, stderr, exitCode } = await runCommand('instances', 'add', ...source(), '-c', config);
      expect(stderr).to.contain(`Error: Redis does not answer at 127.0.0.1:${port}`);
      expect(stdout + stderr).not.to.contain(PASSWORD);
      expect(exitCode).to.equal(1);
    });
  }

  it('ends in good order where Redis is away before CouchDB has answered', async () => {
    const port = await testPort();
    const config = await platform.configure({ redisUrl: `redis://127.0.0.1:${port}` });
    const { stderr, exitCode } = await spawnCommand(['instances', 'add', 'a.example.org', '-c', config])
      .ended;
    expect(stderr).to.contain(`Error: Redis does not answer at 127.0.0.1:${port}`).and.not.contain('    at ');
    expect(exitCode).to.equal(1);
  });
});
