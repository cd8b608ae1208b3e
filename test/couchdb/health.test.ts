import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { connectCouch } from '../../src/couchdb/server.ts';
import { thrownBy } from '../support/thrown-by.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

describe('the health of a CouchDB', () => {
  let server: Server;
  let answer: Answer | 'none';
  let asked: { readonly url: string | undefined; readonly authorization: string | undefined }[];
  let origin: string;

  before(async () => {
    server = createServer((request, response) => {
      const { url, headers } = request;
      asked.push({ url, authorization: headers.authorization });
      if (answer !== 'none') response.writeHead(answer.status).end(answer.body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    origin = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });

  beforeEach(() => {
    asked = [];
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  async function health(given: Answer | 'none', path = '', signal?: AbortSignal) {
    answer = given;
    const couch = connectCouch({ url: `http://admin:secret@${origin}${path}`, connections: 1 });
    try {
      return await couch.health(signal);
    } finally {
      await couch.close();
    }
  }

  it('is asked for without credentials', async () => {
    await health({ status: 200, body: '{"status":"ok"}' });
    expect(asked).to.deep.equal([{ url: '/_up', authorization: undefined }]);
  });

  it('is asked for below the path of the URL', async () => {
    await health({ status: 200, body: '{"status":"ok"}' }, '/couch/');
    expect(asked.map(({ url }) => url)).to.deep.equal(['/couch/_up']);
  });

  const UP: readonly [string, Answer][] = [
    ['says so', { status: 200, body: '{"status":"ok","seeds":{}}' }],
    [
      'wants to know first who asks',
      { status: 401, body: '{"error":"unauthorized","reason":"Authentication required."}' },
    ],
  ];
  for (const [name, given] of UP) {
    it(`is well when it ${name}`, async () => {
      expect(await health(given)).to.deep.equal({ state: 'up' });
    });
  }

  const DOWN: readonly [string, Answer, RegExp][] = [
    ['is in maintenance', { status: 404, body: '{"status":"maintenance_mode"}' }, /\(maintenance_mode\)$/],
    ['is still joining', { status: 404, body: '{"status":"seeding","seeds":{}}' }, /\(seeding\)$/],
    [
      'has a page of a proxy before it',
      { status: 200, body: '<html>Welcome</html>' },
      /answers 200 to \/_up/,
    ],
    ['has an empty answer before it', { status: 200, body: '' }, /answers 200/],
    ['answers half of it', { status: 200, body: '{"status":"o' }, /answers 200/],
    ['has another JSON service before it', { status: 200, body: '{"status":"UP"}' }, /answers 200/],
    ['has a login page before it', { status: 401, body: '<html>Sign in</html>' }, /answers 401/],
    ['has another login before it', { status: 401, body: '{"message":"no token"}' }, /answers 401/],
    ['has a load balancer before it', { status: 404, body: 'default backend - 404' }, /answers 404/],
    ['is no CouchDB', { status: 404, body: '{"error":"not_found","reason":"missing"}' }, /answers 404/],
    ['has a gateway before it', { status: 502, body: '<html>Bad Gateway</html>' }, /answers 502/],
    ['has a redirection before it', { status: 302, body: '' }, /answers 302/],
  ];
  for (const [name, given, reason] of DOWN) {
    it(`is not well when it ${name}`, async () => {
      const found = await health(given);
      expect(found).to.include({ state: 'down' });
      expect(found).to.have.property('reason').that.matches(reason);
    });
  }

  it('is not waited for long', async () => {
    const before = performance.now();
    expect(await health('none')).to.include({ state: 'silent', reason: 'does not answer' });
    expect(performance.now() - before).to.be.below(4_000);
  });

  it('is not waited for when nobody wants to know any more', async () => {
    const enough = new Error('enough');
    const controller = new AbortController();
    const asking = health('none', '', controller.signal);
    controller.abort(enough);
    expect(await thrownBy(asking)).to.equal(enough);
  });
});
