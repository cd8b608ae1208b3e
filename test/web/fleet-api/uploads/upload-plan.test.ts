import { expect } from 'chai';
import { startTestFleet, type TestFleet } from '../../../support/fleet.ts';
import { type FleetWeb, startFleetWeb } from '../../../support/fleet-web.ts';

describe('looking ahead over the API', () => {
  let platform: TestFleet;
  let web: FleetWeb;

  before(async () => {
    platform = await startTestFleet({ worker: false });
    web = await startFleetWeb(platform);
  });

  after(async () => {
    await web?.close();
    await platform?.close();
  });

  it('tells of a dry run what each row would do', async () => {
    const there = platform.domain('there');
    await platform.putInstance({ domain: there, locale: 'fr' });
    const rows = `domain,locale\n${there},de\n${platform.domain('none')},de\n`;
    const answer = await web.post('/fleet/batches?dry_run=true&kind=modify', 'text/csv', rows);
    const { plan } = answer.json();
    expect(plan).to.have.property('more', 0);
    expect(plan).to.have.nested.property('counts.toDo', 1);
    expect(plan).to.have.nested.property('rows[0].verdict', 'change');
    expect(plan).to.have.deep.nested.property('rows[0].fields', [{ field: 'locale', old: 'fr', new: 'de' }]);
    expect(plan).to.have.nested.property('rows[1].code', 'not_found');
    expect(await platform.fleet.batches.list(10)).to.deep.equal([]);
  });

  it('holds a batch back from its beginning', async () => {
    const query = 'canary=2&rate=90/m&max_failures=50%25&between=22:00-06:00&time_zone=Europe/Paris';
    const rows = `domain\n${platform.domain('a')}\n${platform.domain('b')}\n`;
    const { batch } = (await web.post(`/fleet/batches?${query}`, 'text/csv', rows)).json();
    const { steering } = (await web.ask(`/fleet/batches/${batch}`)).json();
    expect(steering).to.deep.equal({
      canary: { rows: 2, ended: 0 },
      rate: 1.5,
      window: '22:00-06:00 Europe/Paris',
      maxFailures: 1,
      maxFailuresPercent: 50,
    });
  });

  it('names the part of the query that is wrong', async () => {
    for (const [query, column] of [
      ['canary=0', 'canary'],
      ['max_failures=-1', 'max_failures'],
      ['time_zone=Europe/Paris', 'time_zone'],
      ['notify=http://other.example.org', 'notify'],
    ] as const) {
      const answer = await web.post(`/fleet/batches?${query}`, 'text/csv', 'domain\n');
      expect(answer.status, query).to.equal(400);
      expect(answer.json()['error'], query).to.deep.include({ place: { column } });
    }
  });
});
