import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { freePort } from '../../src/embedded/free-port.ts';

describe('freePort', () => {
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  const occupy = async (port: number): Promise<void> => {
    const server = createServer().listen(port, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
  };

  it('takes the preferred port when it is free', async () => {
    const port = await freePort();
    expect(await freePort(port)).to.equal(port);
  });

  it('steps over ports that are taken', async () => {
    const port = await freePort(21_000);
    await occupy(port);
    const next = await freePort(port);
    expect(next)
      .to.be.greaterThan(port)
      .and.at.most(port + 50);
  });

  it('takes any port when none is preferred', async () => {
    const port = await freePort();
    await occupy(port);
    expect(port).to.be.greaterThan(1023);
  });
});
