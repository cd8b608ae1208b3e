import { expect } from 'chai';
import { createWebServer, listenOn } from '../../../src/web/http/create-server.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('a server that closes', () => {
  async function serverThat(answer: (closing: Promise<void>) => Promise<string>) {
    const app = createWebServer({ trustedProxies: [], bodyLimit: 1024 });
    let close = (): void => undefined;
    const closing = new Promise<void>((resolve) => {
      close = resolve;
    });
    let arrive = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    app.get('/', async () => {
      arrive();
      return await answer(closing);
    });
    const port = await listenOn(app, '127.0.0.1', 0);
    return {
      arrived,
      ask: () => fetch(`http://127.0.0.1:${port}/`),
      async close() {
        close();
        await app.close();
      },
    };
  }

  it('answers what it has taken before it lets go of connections', async () => {
    const server = await serverThat(async (closing) => {
      await closing;
      await new Promise((resolve) => setImmediate(resolve));
      return 'answered';
    });
    const asked = server.ask();
    await server.arrived;
    await server.close();
    expect(await (await asked).text()).to.equal('answered');
  });

  it('waits for what is never answered no longer than for seconds', async () => {
    const server = await serverThat(() => new Promise(() => undefined));
    const asked = thrownBy(server.ask());
    await server.arrived;
    const begun = performance.now();
    await server.close();
    expect(performance.now() - begun).to.be.below(5_000);
    expect(await asked).to.be.instanceOf(TypeError);
  });
});
