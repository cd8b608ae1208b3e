import { expect } from 'chai';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type Answer, type FleetWeb, startFleetWeb } from '../../support/fleet-web.ts';

describe('holding a batch back over the API', () => {
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

  async function batch(total = 10): Promise<string> {
    return await platform.fleet.batches.create({ kind: 'create', name: 'x', reason: '', by: 'x', total });
  }

  const patch = (id: string, body: object): Promise<Answer> =>
    web.ask(`/fleet/batches/${id}/steering`, {
      method: 'PATCH',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });

  const post = (path: string, body: object = {}): Promise<Answer> =>
    web.post(`/fleet/batches/${path}`, 'application/json', JSON.stringify(body));

  it('pauses it, and says by whom and why', async () => {
    const id = await batch();
    const paused = (await post(`${id}/pause`, { reason: 'a backup runs' })).json();
    expect(paused).to.include({ batch: id, state: 'held' });
    expect(paused['hold']).to.include({
      kind: 'paused',
      by: 'operator@127.0.0.1',
      reason: 'a backup runs',
    });
  });

  it('has it go on, and says what had held it', async () => {
    const id = await batch();
    await post(`${id}/pause`);
    await patch(id, { canary: 5 });
    // Nobody has seen yet how the canary ends.
    expect((await post(`${id}/resume`)).json()['lifted']).to.deep.equal(['pause']);
    const resumed = (await post(`${id}/resume`)).json();
    expect(resumed['lifted']).to.deep.equal(['canary']);
    expect(resumed).to.include({ state: 'running' }).and.not.to.have.property('hold');
  });

  it('sets limits, keeps those that are not named, and takes away what is null', async () => {
    const id = await batch(100);
    const limits = { concurrency: 4, rate: '90/m', maxFailures: '5%', between: '22:00-06:00' };
    const set = (await patch(id, { ...limits, timeZone: 'Europe/Paris', reason: 'at night' })).json();
    const window = '22:00-06:00 Europe/Paris';
    expect(set['steering']).to.deep.equal({
      concurrency: 4,
      rate: 1.5,
      maxFailures: 5,
      maxFailuresPercent: 5,
      window,
    });
    const less = (await patch(id, { rate: null, maxFailures: 3 })).json();
    expect(less['steering']).to.deep.equal({ concurrency: 4, maxFailures: 3, window });
  });

  it('names what is wrong as the body does, and changes nothing', async () => {
    const id = await batch();
    for (const [body, column] of [
      [{ canary: 0, concurrency: 2 }, 'canary'],
      [{ rate: 'fast' }, 'rate'],
      [{ maxFailures: '200%' }, 'maxFailures'],
      [{ at: 'soon' }, 'at'],
      [{ at: '22:00', timeZone: 'Nowhere' }, 'timeZone'],
      [{ timeZone: 'Europe/Paris' }, 'timeZone'],
    ] as const) {
      const answer = await patch(id, body);
      expect(answer.status, column).to.equal(400);
      expect(answer.json()['error'], column).to.deep.include({ place: { column } });
      expect(answer.text, column).not.to.contain('--');
    }
    expect((await web.ask(`/fleet/batches/${id}`)).json()['steering']).to.deep.equal({});
  });

  it('refuses a batch that was stopped', async () => {
    const id = await batch();
    await platform.fleet.batches.setHalt(id, 'cancelled', { by: 'x', reason: '' });
    for (const answer of [await post(`${id}/pause`), await post(`${id}/resume`), await patch(id, {})]) {
      expect(answer.status).to.equal(409);
      expect(answer.json()['error']).to.include({ code: 'halted' });
    }
  });
});
