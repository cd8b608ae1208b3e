import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { createSilentServices } from '../../src/stack/silent-services.ts';
import { NotTold, send } from '../../src/stack/told-service.ts';
import { listeningOn } from '../support/listening-on.ts';
import { thrownBy } from '../support/thrown-by.ts';

const URL_OF = 'https://service.example.org';

describe('a service that does not answer', () => {
  let clock: number;
  let asked: number;

  beforeEach(() => {
    clock = 1_000_000;
    asked = 0;
  });

  /** A request that ends so. */
  const ending = (error: Error | undefined) => async (): Promise<string> => {
    asked += 1;
    if (error !== undefined) throw error;
    return 'told';
  };
  const late = ending(new NotTold('TimeoutError', { isTimeout: true }));
  const open = () => createSilentServices(() => clock);

  it('is left alone after three time-outs in a row, and asked again after a minute', async () => {
    const services = open();
    for (let time = 0; time < 3; time += 1) await thrownBy(services.unlessSilent(URL_OF, late));
    const error = await thrownBy(services.unlessSilent(URL_OF, late));
    expect(error).to.be.instanceOf(NotTold);
    expect(String(error)).to.contain('left alone');
    expect(asked).to.equal(3);
    clock += 60_000;
    expect(await services.unlessSilent(URL_OF, ending(undefined))).to.equal('told');
    await thrownBy(services.unlessSilent(URL_OF, late));
    expect(asked).to.equal(5);
  });

  it('rests for another minute where it is as silent then', async () => {
    const services = open();
    for (let time = 0; time < 3; time += 1) await thrownBy(services.unlessSilent(URL_OF, late));
    clock += 60_000;
    await thrownBy(services.unlessSilent(URL_OF, late));
    await thrownBy(services.unlessSilent(URL_OF, late));
    expect(asked).to.equal(4);
  });

  it('is asked on where it answers in between, be it by a refusal', async () => {
    const services = open();
    const refused = ending(new NotTold('it answered 500', { status: 500 }));
    for (const each of [late, late, refused, late, late, ending(undefined), late, late]) {
      await services.unlessSilent(URL_OF, each).catch(() => undefined);
    }
    expect(asked).to.equal(8);
  });

  it('keeps no other from being asked', async () => {
    const services = open();
    for (let time = 0; time < 3; time += 1) await thrownBy(services.unlessSilent(URL_OF, late));
    expect(await services.unlessSilent('https://other.example.org', ending(undefined))).to.equal('told');
  });

  it('is known by the time that is over, and one that refuses the connection is not', async function () {
    this.timeout(15_000);
    const silent: Server = createServer(() => undefined);
    const url = new URL(`http://127.0.0.1:${await listeningOn(silent)}`);
    try {
      expect(await thrownBy(send(url, { token: 't' }, undefined))).to.include({ isTimeout: true });
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
    const nobody = new URL('http://127.0.0.1:1');
    expect(await thrownBy(send(nobody, { token: 't' }, undefined))).to.include({ isTimeout: false });
  });
});
