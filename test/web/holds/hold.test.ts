import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { pause } from '../../../src/pause.ts';
import { HoldOver, withHold } from '../../../src/web/holds/hold.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const LONG_MS = 60_000;

describe('an answer that is held', () => {
  function response(): ServerResponse {
    return new ServerResponse(new IncomingMessage(new Socket()));
  }

  function listenersOf(raw: ServerResponse): number {
    return raw.listenerCount('close');
  }

  it('is what the work gives', async () => {
    expect(await withHold({ raw: response() }, 60, async () => 'done')).to.equal('done');
  });

  it('ends when it takes too long', async () => {
    const error = await thrownBy(withHold({ raw: response() }, 0.01, (signal) => pause(LONG_MS, signal)));
    expect(error).to.be.instanceOf(HoldOver).and.include({ endedBy: 'timeout' });
  });

  it('ends when the client leaves', async () => {
    const raw = response();
    const held = thrownBy(withHold({ raw }, 60, (signal) => pause(LONG_MS, signal)));
    raw.emit('close');
    expect(await held)
      .to.be.instanceOf(HoldOver)
      .and.include({ endedBy: 'left' });
  });

  it('leaves no listener behind', async () => {
    const raw = response();
    const before = listenersOf(raw);
    await withHold({ raw }, 60, async () => undefined);
    await thrownBy(withHold({ raw }, 60, () => Promise.reject(new Error('refused'))));
    expect(listenersOf(raw)).to.equal(before);
  });
});
