import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

describe('instances count', () => {
  let platform: CliPlatform;

  const counted = async (...flags: string[]) => (await platform.run('instances', 'count', ...flags)).stdout;

  before(async () => {
    platform = await startPlatform();
  });

  after(() => platform.close());

  it('is 0 on a fresh CouchDB', async () => {
    expect(await counted()).to.equal('0 instances\n');
  });

  describe('on a CouchDB with instances', () => {
    before(() =>
      putInstances(platform.server, [
        { domain: 'zoe.school.org', blocked: true, context: 'beta' },
        { domain: 'max.school.org', onboarding_finished: true },
        { domain: 'alice.example.org', onboarding_finished: true, context: 'beta' },
      ]),
    );

    it('counts them all', async () => {
      expect(await counted()).to.equal('3 instances\n');
    });

    it('counts those that a filter means', async () => {
      expect(await counted('--state', 'blocked')).to.equal('1 instance\n');
      expect(await counted('--domain', '*.school.org', '--state', 'blocked,onboarded')).to.equal(
        '2 instances\n',
      );
    });

    it('gives the number with --json', async () => {
      expect(JSON.parse(await counted('--context', 'beta', '--json'))).to.deep.equal({ count: 2 });
    });

    it('counts what ls lists', async () => {
      const { stdout } = await platform.run('instances', 'ls');
      expect(stdout.match(/\n/g)).to.have.length(3);
    });
  });
});
