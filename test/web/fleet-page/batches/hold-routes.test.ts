import { expect } from 'chai';
import { startTestFleet, type TestFleet } from '../../../support/fleet.ts';
import { type SignedIn, signedIn } from '../../../support/fleet-browser.ts';
import { startTestWeb, type TestWeb } from '../../../support/web.ts';

describe('holding a batch back on its page', () => {
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
    await platform?.close();
  });

  async function batch(): Promise<string> {
    return await platform.fleet.batches.create({
      kind: 'create',
      name: 'x',
      reason: '',
      by: 'x',
      total: 100,
    });
  }

  const pageOf = async (id: string): Promise<string> =>
    await (await operator.get(`/fleet/batches/${id}`)).text();

  /** Sends a form, and answers what the batch is then. */
  async function sent(id: string, action: string, fields: Readonly<Record<string, string>> = {}) {
    const answer = await operator.post(`/fleet/batches/${id}/${action}`, fields);
    expect(answer.status).to.equal(303);
    expect(answer.headers.get('location')).to.equal(`/fleet/batches/${id}`);
    return await platform.fleet.batches.get(id);
  }

  it('pauses it, says so at the top of the page, and has it go on', async () => {
    const id = await batch();
    const { steering } = await sent(id, 'pause', { reason: 'a <b>backup</b> runs' });
    expect(steering.pause).to.include({ by: 'operator@127.0.0.1', reason: 'a <b>backup</b> runs' });
    const page = await pageOf(id);
    expect(page).to.contain('Paused by operator@127.0.0.1').and.to.contain('a &#60;b&#62;backup');
    expect(page).to.contain('Resume</button>');
    expect((await sent(id, 'resume')).steering.pause).to.equal(undefined);
    expect(await pageOf(id)).not.to.contain('Paused by');
  });

  it('shows what is set, and changes only what somebody has changed', async () => {
    const id = await batch();
    await sent(id, 'steering', {
      canary: '5',
      rate: '90/m',
      max_failures: '5%',
      between: '22:00-06:00',
      time_zone: 'Europe/Paris',
    });
    const page = await pageOf(id);
    for (const text of [
      '0 of 5 ended',
      'at most 90/m',
      'when more than 5 (5 % of the rows)',
      'Europe/Paris',
    ]) {
      expect(page).to.contain(text);
    }
    // Somebody else has changed the rate meanwhile, and looks at other numbers.
    await platform.fleet.batches.steer(id, { rate: 3 });
    const shown = { was_canary: '5', canary: '5', was_rate: '90/m', rate: '90/m' };
    const after = await sent(id, 'steering', { ...shown, was_concurrency: '', concurrency: '7' });
    expect(after.steering).to.include({ canary: 5, rate: 3, concurrency: 7 });
    const less = await sent(id, 'steering', {
      was_canary: '5',
      canary: '',
      was_max_failures: '5%',
      max_failures: '',
    });
    expect(less.steering.canary).to.equal(undefined);
    expect(less.maxFailures).to.equal(undefined);
    expect(less.steering.window?.from).to.equal('22:00');
  });

  it('moves its hours to another time zone', async () => {
    const id = await batch();
    await sent(id, 'steering', { between: '22:00-06:00', time_zone: 'Europe/Paris' });
    const was = { was_between: '22:00-06:00', between: '22:00-06:00', was_time_zone: 'Europe/Paris' };
    const { steering } = await sent(id, 'steering', { ...was, time_zone: 'Asia/Tokyo' });
    expect(steering.window).to.deep.equal({ from: '22:00', until: '06:00', zone: 'Asia/Tokyo' });
  });

  it('has it begin now that was to begin later', async () => {
    const id = await batch();
    await platform.fleet.batches.steer(id, { notBefore: Date.now() + 3_600_000 });
    const page = await pageOf(id);
    const { was = '' } = /name="was_at" value="(?<was>\d\d:\d\d)"/.exec(page)?.groups ?? {};
    expect(page).to.contain('Begins on').and.to.contain('Begin now');
    expect((await sent(id, 'steering', { was_at: was, at: '' })).steering.notBefore).to.equal(undefined);
  });

  it('says which field is wrong, and changes nothing', async () => {
    const id = await batch();
    const answer = await operator.post(`/fleet/batches/${id}/steering`, {
      concurrency: '4',
      rate: '<script>',
    });
    expect(answer.status).to.equal(400);
    const page = await answer.text();
    expect(page).to.contain('Most that begin: ').and.not.to.contain('<script>');
    expect((await platform.fleet.batches.get(id)).steering.concurrency).to.equal(undefined);
  });

  it('offers nothing once it has been stopped', async () => {
    const id = await batch();
    await platform.fleet.batches.setHalt(id, 'cancelled', { by: 'x', reason: '' });
    expect(await pageOf(id)).not.to.contain('formaction');
    expect((await operator.post(`/fleet/batches/${id}/pause`)).status).to.equal(409);
  });

  it('says that the queue is paused as a whole', async () => {
    const id = await batch();
    await platform.fleet.queue.pause();
    try {
      expect(await pageOf(id)).to.contain('The queue is paused as a whole');
    } finally {
      await platform.fleet.queue.resume();
    }
  });
});
