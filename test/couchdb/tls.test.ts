import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import type { CouchTls } from '../../src/config/couch-tls.ts';
import { CouchError } from '../../src/couchdb/errors.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { type CertificateOptions, makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { startTlsProxy, type TlsProxy, type TlsProxyOptions } from '../support/tls-proxy.ts';
import { TRANSPORTS } from '../support/transports.ts';

/** First byte of what a client says that wants TLS. */
const TLS_HANDSHAKE = 0x16;

for (const [transport, createTransport] of TRANSPORTS) {
  describe(`a CouchDB server over TLS, through ${transport}`, () => {
    let couch: TestCouch;
    let root: TestCertificate;
    let between: TestCertificate;
    let stranger: TestCertificate;
    const closing: (() => Promise<void>)[] = [];

    before(async () => {
      couch = await startTestCouch({ ownProcess: true });
      root = await makeCertificate({ name: 'Our root', isAuthority: true, kind: 'rsa' });
      between = await makeCertificate({ name: 'Our authority', isAuthority: true, by: root });
      stranger = await makeCertificate({ name: 'Another root', isAuthority: true });
    });

    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });

    after(() => couch.close());

    const forLocalhost = (more: Partial<CertificateOptions> = {}) =>
      makeCertificate({ name: 'couch', names: ['localhost', '127.0.0.1'], by: root, ...more });

    async function listen(options: Omit<TlsProxyOptions, 'target'>): Promise<TlsProxy> {
      const proxy = await startTlsProxy({ ...options, target: Number(new URL(couch.url).port) });
      closing.push(() => proxy.close());
      return proxy;
    }

    function connect(
      { port }: { readonly port: number },
      tls?: Partial<CouchTls>,
      host = 'localhost',
    ): CouchServer {
      const { user, password } = couch;
      const url = `https://${user}:${password}@${host}:${port}`;
      const server = connectCouch({
        url,
        connections: 4,
        createTransport,
        ...(tls === undefined ? {} : { tls: { insecure: false, ...tls } }),
      });
      closing.push(() => server.close());
      return server;
    }

    const trusted = (...certificates: TestCertificate[]) => ({
      rootCa: certificates.map(({ cert }) => cert),
    });

    /** What both ways to connect say: that of all requests, and that of asking for its health. */
    async function expectAccepted(server: CouchServer): Promise<void> {
      expect(await server.health()).to.deep.equal({ state: 'up' });
      expect(await server.listDatabases('tls-test/')).to.deep.equal([]);
    }

    async function expectFault(server: CouchServer, problem: RegExp, advice: RegExp): Promise<void> {
      const failure = await thrownBy(server.listDatabases('tls-test/'));
      expect(failure).to.be.instanceOf(CouchError);
      expect(failure).to.have.property('fault').that.is.an('object');
      expect(failure).to.have.property('message').that.matches(problem);
      expect(failure).to.have.property('advice').that.matches(advice);
      const health = await server.health();
      expect(health).to.include({ state: 'silent' });
      expect(health).to.have.property('reason').that.matches(problem);
    }

    for (const kind of ['rsa', 'ec'] as const) {
      it(`is trusted by its authority's certificate, with a key of kind ${kind}`, async () => {
        const proxy = await listen({ chain: [await forLocalhost({ kind })] });
        await expectAccepted(connect(proxy, trusted(root)));
        await expectAccepted(connect(proxy, trusted(root), '127.0.0.1'));
      });
    }

    it('is trusted through what it sends along', async () => {
      const proxy = await listen({ chain: [await forLocalhost({ by: between }), between] });
      await expectAccepted(connect(proxy, trusted(stranger, root)));
    });

    it('is trusted by an authority that another one has signed', async () => {
      const proxy = await listen({ chain: [await forLocalhost({ by: between })] });
      await expectAccepted(connect(proxy, trusted(between)));
    });

    it('is trusted by its own certificate', async () => {
      const leaf = await forLocalhost({ by: between });
      await expectAccepted(connect(await listen({ chain: [leaf] }), trusted(leaf)));
    });

    it('is refused when nobody known has signed its certificate', async () => {
      const proxy = await listen({ chain: [await forLocalhost()] });
      await expectFault(connect(proxy), /authority that is not known/, /couchdb\.root_ca/);
      await expectFault(connect(proxy, trusted(stranger)), /authority that is not known/, /couchdb\.root_ca/);
      expect(proxy.received).to.equal(0);
    });

    it('is refused with a certificate for another name', async () => {
      const proxy = await listen({ chain: [await forLocalhost({ names: ['couch.example'] })] });
      await expectFault(connect(proxy, trusted(root)), /another name.*couch\.example/, /couchdb\.url/);
      expect(proxy.received).to.equal(0);
    });

    it('is refused with a certificate that has expired', async () => {
      const proxy = await listen({ chain: [await forLocalhost({ lastsFor: -60_000 })] });
      await expectFault(connect(proxy, trusted(root)), /has expired/, /[Rr]enew/);
      expect(proxy.received).to.equal(0);
    });

    it('is taken with any certificate when the operator says so', async () => {
      const any = await makeCertificate({ name: 'couch.example', lastsFor: -60_000 });
      await expectAccepted(connect(await listen({ chain: [any] }), { insecure: true }));
    });

    it('is named as one that does not speak TLS', async () => {
      const server = connect({ port: Number(new URL(couch.url).port) });
      await expectFault(server, /does not speak TLS/, /http:\/\//);
    });

    for (const [name, refuse] of [
      ['hangs up without a word', (socket: Socket) => void socket.destroy()],
      ['waits for more, as CouchDB does', () => undefined],
    ] as const) {
      it(`is named as one that does not speak TLS also when it ${name}`, async () => {
        const mute = createServer((socket) => {
          socket.on('error', () => undefined);
          socket.once('data', (data) => {
            if (data[0] === TLS_HANDSHAKE) refuse(socket);
            else socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
          });
        });
        mute.listen(0, '127.0.0.1');
        await once(mute, 'listening');
        closing.push(async () => {
          mute.close();
          await once(mute, 'close');
        });
        const address = mute.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        const health = await connect({ port }).health();
        expect(health)
          .to.have.property('reason')
          .that.matches(/does not speak TLS.*https:\/\//);
        expect(health).to.have.property('fault');
      });
    }

    it('is named as one that speaks TLS when the URL says otherwise', async () => {
      const { port } = await listen({ chain: [await forLocalhost()] });
      const server = connectCouch({
        url: `http://admin:secret@localhost:${port}`,
        connections: 1,
        createTransport,
      });
      closing.push(async () => server.close());
      const health = await server.health();
      expect(health)
        .to.have.property('reason')
        .that.matches(/speaks TLS.*http:\/\//);
    });

    describe('with a pinned key', () => {
      for (const kind of ['rsa', 'ec'] as const) {
        it(`is accepted by the key of its own certificate, of kind ${kind}`, async () => {
          const leaf = await forLocalhost({ kind });
          const proxy = await listen({ chain: [leaf] });
          await expectAccepted(connect(proxy, { ...trusted(root), pinnedKey: leaf.pin }));
        });
      }

      it('is accepted by the key of any certificate that it sends along', async () => {
        const proxy = await listen({ chain: [await forLocalhost({ by: between }), between, root] });
        for (const { pin } of [between, root]) {
          await expectAccepted(connect(proxy, { ...trusted(root), pinnedKey: pin }));
        }
      });

      it('is refused, before anything is sent, when no certificate has that key', async () => {
        const proxy = await listen({ chain: [await forLocalhost()] });
        const server = connect(proxy, { ...trusted(root), pinnedKey: stranger.pin });
        await expectFault(
          server,
          /no certificate with the key of couchdb\.pinned_key/,
          /couchdb\.pinned_key/,
        );
        expect(proxy.received).to.equal(0);
      });

      it('is refused by the key of an authority that it does not send', async () => {
        const proxy = await listen({ chain: [await forLocalhost()] });
        const server = connect(proxy, { ...trusted(root), pinnedKey: root.pin });
        await expectFault(server, /couchdb\.pinned_key/, /couchdb\.pinned_key/);
        expect(proxy.received).to.equal(0);
      });

      it('is refused by a wrong key also where any certificate will do', async () => {
        const proxy = await listen({ chain: [await forLocalhost()] });
        const server = connect(proxy, { insecure: true, pinnedKey: stranger.pin });
        await expectFault(server, /couchdb\.pinned_key/, /couchdb\.pinned_key/);
        expect(proxy.received).to.equal(0);
      });

      it('needs no known authority where any certificate will do', async () => {
        const leaf = await makeCertificate({ name: 'couch.example' });
        const proxy = await listen({ chain: [leaf] });
        await expectAccepted(connect(proxy, { insecure: true, pinnedKey: leaf.pin }));
      });

      it('is not enough where nobody known has signed the certificate', async () => {
        const leaf = await forLocalhost();
        const server = connect(await listen({ chain: [leaf] }), {
          ...trusted(stranger),
          pinnedKey: leaf.pin,
        });
        await expectFault(server, /authority that is not known/, /couchdb\.root_ca/);
      });

      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        it(`is shown the certificates on each connection of ${maxVersion}`, async () => {
          const leaf = await forLocalhost();
          const proxy = await listen({ chain: [leaf], maxVersion });
          const server = connect(proxy, { ...trusted(root), pinnedKey: leaf.pin });
          for (let round = 0; round < 3; round += 1) await server.health();
          await Promise.all([1, 2, 3].map(() => server.listDatabases('tls-test/')));
          expect(proxy.resumed).to.have.lengthOf.above(3);
          expect(proxy.resumed).to.not.include(true);
        });
      }
    });

    describe('that asks for a certificate of ours', () => {
      for (const kind of ['rsa', 'ec'] as const) {
        it(`is shown it, with a key of kind ${kind}`, async () => {
          const proxy = await listen({ chain: [await forLocalhost()], clientsBy: stranger });
          const { cert, key } = await makeCertificate({ name: 'cozy-fleet', by: stranger, kind });
          await expectAccepted(connect(proxy, { ...trusted(root), client: { cert, key } }));
        });
      }

      it('is shown it with its chain', async () => {
        const leaf = await makeCertificate({ name: 'cozy-fleet', by: between });
        const proxy = await listen({ chain: [await forLocalhost()], clientsBy: root });
        const client = { cert: `${leaf.cert}\n${between.cert}`, key: leaf.key };
        await expectAccepted(connect(proxy, { ...trusted(root), client }));
      });

      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        it(`is named as such when it gets none, over ${maxVersion}`, async () => {
          const proxy = await listen({ chain: [await forLocalhost()], clientsBy: stranger, maxVersion });
          await expectFault(connect(proxy, trusted(root)), /certificate of ours/, /couchdb\.client_cert/);
          expect(proxy.received).to.equal(0);
        });
      }
    });
  });
}
