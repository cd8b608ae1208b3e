import { expect } from 'chai';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

describe('organizations', () => {
  let platform: CliPlatform;
  const organizations = (...argv: string[]): Promise<Ran> => platform.run('organizations', ...argv);

  before(async () => {
    platform = await startPlatform();
    await putInstances(platform.server, [
      { domain: 'zoe.school.org', org_id: 'school', org_domain: 'school.org', blocked: true },
      { domain: 'school.school.org', org_id: 'school', org_domain: 'school.org', context: 'beta' },
      { domain: 'acme.other.org' },
      { domain: 'max.acme.org', org_id: 'acme', org_domain: 'acme.org', onboarding_finished: true },
      { domain: 'eve.acme.org', org_id: 'acme', org_domain: 'acme.com' },
      { domain: 'lost.lone.org', org_domain: 'lone.org' },
    ]);
  });

  after(() => platform.close());

  it('ls lists them with their own instance', async () => {
    const { stdout, exitCode } = await organizations('ls');
    expect(stdout.split('\n')).to.deep.equal([
      'acme\tacme.com,acme.org\t2\t-',
      'school\tschool.org\t2\tschool.school.org',
      '-\tlone.org\t1\t-',
      '',
    ]);
    expect(exitCode).to.equal(0);
  });

  it('ls takes filters, and --json', async () => {
    const { stdout } = await organizations('ls', '--context', 'beta', '--json');
    expect(JSON.parse(stdout)).to.deep.equal({
      organizations: [
        { org_id: 'school', org_domains: ['school.org'], instances: 1, own: 'school.school.org' },
      ],
    });
  });

  it('show tells the members and their states', async () => {
    const school = await organizations('show', 'school');
    expect(school).to.deep.equal({
      stdout: 'school.school.org\tpending\nzoe.school.org\tblocked\n',
      stderr: '',
      exitCode: 0,
    });
  });

  it('show says where an organization has no instance of its own', async () => {
    const { stdout, stderr } = await organizations('show', 'acme');
    expect(stdout).to.equal('eve.acme.org\tpending\nmax.acme.org\tonboarded\n');
    expect(stderr).to.contain('No member has acme as its first label');
  });

  it('show knows none that no instance has', async () => {
    const { stderr, exitCode } = await organizations('show', 'lone.org');
    expect([stderr.includes('No instance has the org_id "lone.org"'), exitCode]).to.deep.equal([true, 1]);
    expect((await organizations('show', ' ')).exitCode).to.equal(2);
  });
});
