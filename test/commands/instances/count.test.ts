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
        { domain: 'zoe.school.org', blocked: true, context: 'beta', org_id: 'school' },
        { domain: 'max.school.org', onboarding_finished: true, org_id: 'school' },
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

    it('counts those of an organization', async () => {
      expect(await counted('--org-id', 'school', '--state', 'blocked')).to.equal('1 instance\n');
      expect(await counted('--org-id', 'none')).to.equal('0 instances\n');
      expect((await platform.run('instances', 'count', '--org-id', '')).exitCode).to.equal(2);
    });

    it('counts by a field, the most frequent value first, and those without one', async () => {
      expect(await counted('--by', 'org_id')).to.equal('school\t2\n-\t1\n');
      expect(await counted('--by', 'state')).to.equal('onboarded\t2\nblocked\t1\n');
      expect(await counted('--by', 'locale', '--context', 'beta')).to.equal('en\t2\n');
      expect(JSON.parse(await counted('--by', 'context', '--json'))).to.deep.equal({
        count: 3,
        by: [
          { value: 'beta', count: 2 },
          { value: null, count: 1 },
        ],
      });
    });

    it('counts what ls lists', async () => {
      const { stdout } = await platform.run('instances', 'ls');
      expect(stdout.match(/\n/g)).to.have.length(3);
    });
  });
});
