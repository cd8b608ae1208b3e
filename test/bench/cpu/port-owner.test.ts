import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { listeningSockets, portOwner } from '../../../bench/cpu/port-owner.ts';
import { listeningOn } from '../../support/listening-on.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1760 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1760 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
`;

describe('who listens on a port', () => {
  let server: Server | undefined;

  afterEach(async () => {
    const closed = server && once(server, 'close');
    server?.close();
    await closed;
    server = undefined;
  });

  it('is found among the sockets that listen, not those that are connected', () => {
    expect(listeningSockets(TABLE, 5984)).to.deep.equal(['4711']);
  });

  it('is nobody where nobody listens', () => {
    expect(listeningSockets(TABLE, 6379)).to.deep.equal([]);
  });

  it('is a process of this machine', async function () {
    if (!existsSync('/proc/net/tcp')) this.skip();
    server = createServer();
    const port = await listeningOn(server);
    expect(await portOwner(`http://127.0.0.1:${port}`, /./)).to.equal(process.pid);
  });

  it('is not known where the program is another one than expected', async () => {
    server = createServer();
    const port = await listeningOn(server);
    expect(await portOwner(`http://127.0.0.1:${port}`, /^beam\.smp$/)).to.equal(undefined);
  });

  it('is not known of another machine', async () => {
    server = createServer();
    const port = await listeningOn(server);
    expect(await portOwner(`http://192.0.2.1:${port}`, /./)).to.equal(undefined);
  });
});
