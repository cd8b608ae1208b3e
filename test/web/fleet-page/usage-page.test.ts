import { expect } from 'chai';
import { keepReport, REPORT } from '../../../src/usage/kept-report.ts';
import { UsageCounter } from '../../../src/usage/usage-summary.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type SignedIn, signedIn } from '../../support/fleet-browser.ts';
import { OPERATOR_AUTHORIZATION, startTestWeb, type TestWeb } from '../../support/web.ts';

const HOSTILE = '<script>alert(1)</script>';

describe('the page of what instances are used for', () => {
  let platform: TestFleet;
  let web: TestWeb;
  let operator: SignedIn;

  before(async () => {
    platform = await startTestFleet({ worker: false });
    web = await startTestWeb(platform);
    operator = await signedIn(web);
  });

  after(async () => {
    await web?.close();
    if (platform.couch.real) await platform.server.deleteDatabase(REPORT);
    await platform?.close();
  });

  const asked = async (): Promise<Response> => {
    const headers = { authorization: OPERATOR_AUTHORIZATION, accept: 'application/json' };
    return await fetch(`${web.adminUrl}/fleet/usage`, { headers });
  };

  const page = async (): Promise<string> => await (await operator.get('/fleet/usage')).text();

  it('says how a report is made where there is none', async () => {
    if (platform.couch.real) await platform.server.deleteDatabase(REPORT);
    expect(await page()).to.contain('cozy-fleet instances report');
    expect((await asked()).status).to.equal(404);
  });

  it('shows the report that was kept, with its age, and what it could not tell', async () => {
    const now = Date.now() - 3 * 3_600_000;
    const counter = new UsageCounter(now);
    const keeper = keepReport(platform.server, () => now);
    const domain = platform.domain('large');
    const instance = await platform.putInstance({ domain });
    const app = { kind: 'webapp', slug: HOSTILE, version: '1.0.0', source: '' } as const;
    const measures = { files: 7, diskUsed: 5_000_000_000, diskShare: 83.3, apps: [app] };
    const problem = { reading: 'activity', code: 'couchdb', problem: 'it is away' } as const;
    const measured = { instance, measures, problems: [problem] };
    counter.add(measured);
    counter.addUnreadable();
    await keeper.add(measured);
    await keeper.end(counter.summary());
    expect(await page())
      .to.contain('3 h 0 min ago')
      .and.to.contain(
        'It is partial: of 1 instances not all could be told, and 1 documents could not be read',
      )
      .and.to.contain(domain)
      .and.to.contain('5.0 GB, 83.3% of its quota')
      .and.to.contain('up to 90%')
      .and.not.to.contain(HOSTILE);
  });

  it('tells programs the same', async () => {
    const answer: unknown = await (await asked()).json();
    expect(answer).to.nested.include({ 'summary.instances': 1, 'summary.diskUsed': 5_000_000_000 });
  });

  it('takes a document of another shape for none', async () => {
    const found = await platform.server.getDocument(REPORT, 'report');
    if (found === undefined) throw new Error('there is no report');
    await platform.server.putDocument(REPORT, { ...found, summary: { instances: HOSTILE } });
    expect(await page()).to.contain('No report was made yet');
  });
});
