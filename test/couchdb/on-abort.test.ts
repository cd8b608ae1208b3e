import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { onAbort } from '../../src/couchdb/on-abort.ts';
import { connectCouch } from '../../src/couchdb/server.ts';
import { startTestCouch } from '../support/servers.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { TRANSPORTS } from '../support/transports.ts';

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('what waits for an abort', () => {
  it('has one listener, however many there are', () => {
    const { signal } = new AbortController();
    const forget = Array.from({ length: 50 }, () => onAbort(signal, () => undefined));
    expect(listeners(signal)).to.equal(1);
    for (const each of forget.slice(1)) each();
    expect(listeners(signal)).to.equal(1);
    forget[0]?.();
    forget[0]?.();
    expect(listeners(signal)).to.equal(0);
  });

  it('is done once each, but for what was taken back', () => {
    const controller = new AbortController();
    const done: string[] = [];
    onAbort(controller.signal, () => done.push('a'));
    const forget = onAbort(controller.signal, () => done.push('b'));
    const same = () => done.push('c');
    onAbort(controller.signal, same);
    onAbort(controller.signal, same);
    forget();
    controller.abort();
    controller.abort();
    expect(done).to.deep.equal(['a', 'c', 'c']);
  });

  it('begins anew after all was taken back', () => {
    const controller = new AbortController();
    onAbort(controller.signal, () => undefined)();
    let done = 0;
    onAbort(controller.signal, () => {
      done += 1;
    });
    controller.abort();
    expect(done).to.equal(1);
  });
});

for (const [transport, createTransport] of TRANSPORTS) {
  describe(`the requests of a command, through ${transport}`, () => {
    it('listen to its signal as long as they are under way, by one listener, whichever call it is', async () => {
      const couch = await startTestCouch();
      const server = connectCouch({ url: couch.url, connections: 32, createTransport });
      const warnings: string[] = [];
      const listen = (warning: Error) => warnings.push(warning.name);
      process.on('warning', listen);
      try {
        const { signal } = new AbortController();
        const asking = Array.from({ length: 40 }, () => [
          server.listDatabases('', signal),
          server.databaseExists('nowhere', signal),
          thrownBy(server.getDocument('nowhere', 'nothing', signal)),
          thrownBy(server.allDocuments('nowhere', {}, signal)),
          thrownBy(server.createIndex('nowhere', { index: { fields: ['a'] } }, signal)),
          thrownBy(server.deleteDocument('nowhere', 'nothing', '1-0', signal)),
        ]).flat();
        await setImmediate();
        expect(listeners(signal)).to.equal(1);
        await Promise.all(asking);
        expect(listeners(signal)).to.equal(0);
        expect(warnings).to.deep.equal([]);
      } finally {
        process.off('warning', listen);
        await server.close();
        await couch.close();
      }
    });
  });
}
