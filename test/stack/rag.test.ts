import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import type { RagServer } from '../../src/config/config.ts';
import { RagAway } from '../../src/stack/errors.ts';
import { deleteFromRag, ragServerOf } from '../../src/stack/rag.ts';
import { testPort } from '../support/test-port.ts';
import { thrownBy } from '../support/thrown-by.ts';

const ALICE = { domain: 'alice.example.org:8080', context: 'beta' };

describe('the RAG server', () => {
  const { signal } = new AbortController();
  const seen: string[] = [];
  /** undefined: it never answers. */
  let status: number | undefined;
  let server: Server;
  let configured: Record<string, RagServer>;

  before(async () => {
    server = createServer(({ method, url, headers }, response) => {
      seen.push(`${method} ${url} ${headers.authorization}`);
      if (status !== undefined) response.writeHead(status).end();
    });
    const port = await testPort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    configured = { beta: { url: `http://127.0.0.1:${port}/`, token: 's3cret' } };
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("is that of the instance's context, else the default one", () => {
    const of = { default: { url: 'http://d' }, beta: { url: 'http://b' } };
    expect(ragServerOf(of, 'beta')).to.equal(of.beta);
    expect(ragServerOf(of, 'other')).to.equal(of.default);
    expect(ragServerOf(of, undefined)).to.equal(of.default);
    expect(ragServerOf({}, 'toString')).to.equal(undefined);
  });

  it('is none for a context that is configured without one', async () => {
    const without = { default: { url: 'http://127.0.0.1:1' }, beta: {} };
    expect(await deleteFromRag(without, ALICE, signal)).to.equal(undefined);
  });

  it('is none where none is configured', async () => {
    expect(await deleteFromRag({}, ALICE, signal)).to.equal(undefined);
  });

  it('is told with the key which instance goes', async () => {
    status = 204;
    expect(await deleteFromRag(configured, ALICE, signal)).to.equal(204);
    expect(seen.at(-1)).to.equal('DELETE /instances/alice.example.org:8080 Bearer s3cret');
  });

  for (const [domain, path] of [
    ['bob.example.org/../alice.example.org', 'bob.example.org%2F..%2Falice.example.org'],
    ['..\\alice.example.org', '..%5Calice.example.org'],
    ['..%2Falice.example.org', '..%252Falice.example.org'],
    ['alice.example.org?x#y', 'alice.example.org%3Fx%23y'],
  ] as const) {
    it(`is asked for no other instance than that of ${domain}`, async () => {
      status = 204;
      await deleteFromRag(configured, { ...ALICE, domain }, signal);
      expect(seen.at(-1)).to.equal(`DELETE /instances/${path} Bearer s3cret`);
    });
  }

  it('is asked for nothing by a name that leads up', async () => {
    const before = seen.length;
    for (const domain of ['.', '..']) await deleteFromRag(configured, { ...ALICE, domain }, signal);
    expect(seen).to.have.length(before);
  });

  it('may know nothing of the instance', async () => {
    status = 404;
    expect(await deleteFromRag(configured, ALICE, signal)).to.equal(404);
  });

  it('is asked again later when it fails', async () => {
    status = 500;
    const error = await thrownBy(deleteFromRag(configured, ALICE, signal));
    expect(error).to.be.instanceOf(RagAway).and.to.have.property('kind', 'retry');
    expect(error).to.have.property('message').that.contains('500').and.not.contains('s3cret');
  });

  it('is asked again later when it does not answer in time', async () => {
    status = undefined;
    const error = await thrownBy(deleteFromRag(configured, ALICE, signal, 50));
    expect(error).to.be.instanceOf(RagAway).and.to.have.property('message').that.contains('TimeoutError');
  });

  it('is asked again later when nobody is there', async () => {
    const nobody = { beta: { url: `http://u:s3cret@127.0.0.1:${await testPort()}` } };
    const error = await thrownBy(deleteFromRag(nobody, ALICE, signal));
    expect(error).to.be.instanceOf(RagAway).and.to.have.property('message').that.contains('ECONNREFUSED');
    expect(error).to.have.property('message').that.does.not.contain('s3cret');
  });

  it('is no longer waited for when the caller stops', async () => {
    status = undefined;
    const stop = new AbortController();
    const waiting = thrownBy(deleteFromRag(configured, ALICE, stop.signal));
    const reason = new Error('stopped');
    stop.abort(reason);
    expect(await waiting).to.equal(reason);
  });
});
