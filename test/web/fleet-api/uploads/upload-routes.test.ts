import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { batchRow } from '../../../support/batch-row.ts';
import { startTestFleet, type TestFleet } from '../../../support/fleet.ts';
import { type FleetWeb, startFleetWeb } from '../../../support/fleet-web.ts';
import { until } from '../../../support/until.ts';
import { OPERATOR_AUTHORIZATION } from '../../../support/web.ts';

const MOST_BYTES = 4 * 1024 * 1024;

describe('an upload of instances', () => {
  let fleet: TestFleet;
  let web: FleetWeb;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    web = await startFleetWeb(fleet, { mostBytes: MOST_BYTES, mostUploads: 2 });
  });

  after(async () => {
    await web?.close();
    await fleet?.close();
  });

  /** Each upload has given its place back, with the copy on the disk. */
  afterEach(() => until('no upload holds a place', () => web.desk.uploads === 0));

  async function batchCount(): Promise<number> {
    return (await fleet.fleet.batches.list(1000)).length;
  }

  function csv(prefix: string, rows: number): string {
    const lines = Array.from({ length: rows }, (_, at) => `${prefix}${at}.example.org,u${at}@example.org`);
    return `domain,email\n${lines.join('\n')}\n`;
  }

  async function allQueued(id: string): Promise<void> {
    await until('all rows are queued', async () => {
      const { total, counts } = await fleet.fleet.batches.get(id);
      return counts.waiting === total;
    });
  }

  it('as CSV becomes a batch with a row each', async () => {
    const answer = await web.post(
      '/fleet/batches?name=school&reason=new+year&max_failures=3',
      'text/csv',
      csv('a', 3),
    );
    expect(answer.status).to.equal(202);
    const { batch, total } = answer.json();
    expect(total).to.equal(3);
    expect(answer.headers.get('location')).to.equal(`/fleet/batches/${batch}`);
    await allQueued(String(batch));
    const made = await fleet.fleet.batches.get(String(batch));
    expect(made).to.include({ name: 'school', reason: 'new year', maxFailures: 3, by: 'operator@127.0.0.1' });
    expect(await batchRow(fleet.fleet.batches, String(batch), 2)).to.include({ domain: 'a0.example.org' });
  });

  it('as NDJSON becomes a batch, with values of the query where a row says nothing', async () => {
    const rows = '{"domain":"n1.example.org"}\n{"domain":"n2.example.org","locale":"de"}\n';
    const answer = await web.post('/fleet/batches?locale=fr', 'application/x-ndjson; charset=utf-8', rows);
    expect(answer.status).to.equal(202);
    await allQueued(String(answer.json()['batch']));
    const locales = await Promise.all(
      [1, 2].map(async (row) => {
        const { jobId = '' } =
          (await batchRow(fleet.fleet.batches, String(answer.json()['batch']), row)) ?? {};
        const { data } = (await fleet.fleet.queue.getJob(jobId)) ?? {};
        return data !== undefined && 'options' in data ? data.options.locale : undefined;
      }),
    );
    expect(locales).to.deep.equal(['fr', 'de']);
  });

  it('as the file of a form becomes a batch with the name of the file', async () => {
    const form = new FormData();
    form.append('file', new Blob([csv('form', 2)], { type: 'text/plain' }), 'école <2>.csv');
    const answer = await web.ask('/fleet/batches', { method: 'POST', body: form });
    expect(answer.status).to.equal(202);
    const { name } = await fleet.fleet.batches.get(String(answer.json()['batch']));
    expect(name).to.equal('école <2>.csv');
  });

  it('keeps a passphrase sealed, and out of Redis and answers', async () => {
    const secret = 'correct horse battery';
    const rows = `domain,passphrase\nsealed.example.org,${secret}\n`;
    const answer = await web.post('/fleet/batches', 'text/csv', rows);
    expect(answer.status).to.equal(202);
    await allQueued(String(answer.json()['batch']));
    const { jobId = '' } = (await batchRow(fleet.fleet.batches, String(answer.json()['batch']), 2)) ?? {};
    const kept = JSON.stringify(await fleet.fleet.redis.hgetall(fleet.fleet.keys.bull(jobId)));
    expect(kept).to.include('sealedPassphrase').and.not.include(secret);
    expect(answer.text).not.to.include(secret);
  });

  describe('with rows that are not good', () => {
    const bad = 'domain,email\nok.example.org,a@b.fr\nno good,a@b.fr\nx.example.org,nobody\n';

    it('queues nothing, and says what is wrong by line and column', async () => {
      const before = await batchCount();
      const answer = await web.post('/fleet/batches', 'text/csv', bad);
      expect(answer.status).to.equal(422);
      const { error, problems, counts } = answer.json();
      expect(error).to.include({ code: 'invalid_rows' });
      expect(counts).to.deep.equal({ valid: 1, invalid: 2, doubtful: 0 });
      expect(problems).to.have.length(2);
      expect(problems).to.have.nested.property('[0].line', 3);
      expect(problems).to.have.nested.property('[0].column', 'domain');
      expect(problems).to.have.nested.property('[1].line', 4);
      expect(await batchCount()).to.equal(before);
    });

    it('goes on without them when it is asked to', async () => {
      const answer = await web.post('/fleet/batches?skip_invalid=true', 'text/csv', bad);
      expect(answer.status).to.equal(202);
      expect(answer.json()).to.include({ total: 1, invalidRows: 2 });
    });

    it('names at most a thousand of them, and how many there are more', async () => {
      const rows = `domain\n${'no good\n'.repeat(1500)}`;
      const { problems, more, counts } = (await web.post('/fleet/batches', 'text/csv', rows)).json();
      expect(problems).to.have.length(1000);
      expect(more).to.deep.equal({ problems: 500, warnings: 0 });
      expect(counts).to.include({ invalid: 1500 });
    });

    it('answers what was written as JSON, whatever it is', async () => {
      const hostile = '</script><img src=x onerror=alert(1)>\u202e\u0000';
      const rows = `${JSON.stringify({ domain: hostile })}\n`;
      const answer = await web.post('/fleet/batches', 'application/x-ndjson', rows);
      expect(answer.status).to.equal(422);
      expect(answer.headers.get('content-type')).to.match(/^application\/json/);
      expect(answer.json()['error']).to.include({ code: 'invalid_rows' });
    });
  });

  it('that cannot be read as a whole is refused with its place', async () => {
    const answer = await web.post('/fleet/batches', 'text/csv', 'domain,nonsense\na.example.org,1\n');
    expect(answer.status).to.equal(422);
    expect(answer.json()['error']).to.deep.include({
      code: 'unknown_column',
      place: { file: 'upload.csv', line: 1, column: 'nonsense' },
    });
  });

  it('with nothing in it is refused', async () => {
    const answer = await web.post('/fleet/batches', 'text/csv', '');
    expect(answer.json()['error']).to.include({ code: 'empty_file' });
  });

  for (const [query, code] of [
    ['kind=everything', 'bad_request'],
    ['nonsense=1', 'bad_request'],
    ['tries=0', 'bad_request'],
    ['email=a@b.fr', 'bad_request'],
    ['passphrase=secret', 'bad_request'],
    ['name=a&name=b', 'bad_request'],
    ['kind=destroy&locale=fr', 'bad_choice'],
    ['resume=true', 'bad_choice'],
  ] as const) {
    it(`with ?${query} is refused as ${code}`, async () => {
      const answer = await web.post(`/fleet/batches?${query}`, 'text/csv', csv('q', 1));
      expect(answer.status).to.equal(400);
      expect(answer.json()['error']).to.include({ code });
      expect(answer.text).not.to.include('secret');
    });
  }

  it('of a type that is none of rows is refused', async () => {
    expect((await web.post('/fleet/batches', 'application/json', '[]')).status).to.equal(400);
    expect((await web.post('/fleet/batches', 'image/png', 'x')).status).to.equal(415);
  });

  it('of somebody who is not the operator is not read', async () => {
    const answer = await web.post('/fleet/batches', 'text/csv', csv('w', 1), { authorization: 'Basic eDp5' });
    expect(answer.status).to.equal(401);
  });

  describe('that is only checked', () => {
    it('queues nothing, and says what it would cost', async () => {
      const before = await batchCount();
      const answer = await web.post('/fleet/batches?dry_run=true', 'text/csv', csv('d', 3));
      expect(answer.status).to.equal(200);
      expect(answer.json()).to.deep.include({
        queueable: true,
        counts: { valid: 3, invalid: 0, doubtful: 0 },
      });
      expect(answer.json()).to.have.nested.property('preflight.lines').that.has.length(2);
      expect(await batchCount()).to.equal(before);
    });

    it('says what is wrong with a bad one', async () => {
      const answer = await web.post('/fleet/batches?dry_run=true', 'text/csv', 'domain\nno good\n');
      expect(answer.status).to.equal(200);
      expect(answer.json()).to.include({ queueable: false });
      expect(answer.json()['problems']).to.have.length(1);
    });

    it('warns of names that look like those of instances that exist', async () => {
      await fleet.putInstance({ domain: 'paypal.example.org' });
      const answer = await web.post(
        '/fleet/batches?dry_run=true',
        'text/csv',
        'domain\npaypa1.example.org\n',
      );
      expect(JSON.stringify(answer.json()['warnings'])).to.include('looks like the name');
    });
  });

  describe('of other kinds', () => {
    it('changes the instances that it names', async () => {
      const rows = 'domain,locale\nm1.example.org,fr\nm2.example.org,\n';
      const answer = await web.post('/fleet/batches?kind=modify&tz=Europe/Paris', 'text/csv', rows);
      expect(answer.status).to.equal(202);
      await allQueued(String(answer.json()['batch']));
      expect(await fleet.fleet.batches.get(String(answer.json()['batch']))).to.include({
        kind: 'modify',
        total: 2,
      });
    });

    it('destroys the instances that it names, whatever else its rows say', async () => {
      const answer = await web.post('/fleet/batches?kind=destroy', 'text/csv', csv('gone', 2));
      expect(answer.status).to.equal(202);
      await allQueued(String(answer.json()['batch']));
      expect(await fleet.fleet.batches.get(String(answer.json()['batch']))).to.include({
        kind: 'destroy',
        total: 2,
      });
    });

    it('is refused with its bad rows', async () => {
      const rows = 'domain,locale\nm1.example.org,\nbad domain,fr\n';
      const answer = await web.post('/fleet/batches?kind=modify', 'text/csv', rows);
      expect(answer.status).to.equal(422);
      expect(answer.json()).to.deep.include({
        kind: 'modify',
        counts: { valid: 0, invalid: 2, doubtful: 0 },
      });
      expect(answer.json()['problems']).to.have.length(2);
    });
  });

  describe('with an Idempotency-Key', () => {
    const key = (name: string) => ({ 'idempotency-key': name });

    it('makes one batch however often it comes', async () => {
      const first = await web.post('/fleet/batches', 'text/csv', csv('once', 2), key('k1'));
      const before = await batchCount();
      const again = await web.post('/fleet/batches', 'text/csv', csv('once', 2), key('k1'));
      expect([first.status, again.status]).to.deep.equal([202, 200]);
      expect(again.json()['batch']).to.equal(first.json()['batch']);
      expect(again.headers.get('location')).to.equal(first.headers.get('location'));
      expect(await batchCount()).to.equal(before);
    });

    it('makes one batch although it comes twice at once', async () => {
      const before = await batchCount();
      const both = await Promise.all(
        [1, 2].map(() => web.post('/fleet/batches', 'text/csv', csv('twice', 2), key('k2'))),
      );
      expect(await batchCount()).to.equal(before + 1);
      expect(both.map(({ status }) => status)).to.include(202);
      for (const { status } of both) expect(status).to.be.oneOf([200, 202, 409]);
    });

    it('is refused when other content, or another query, came with it', async () => {
      await web.post('/fleet/batches', 'text/csv', csv('one', 1), key('k3'));
      const before = await batchCount();
      for (const path of ['/fleet/batches', '/fleet/batches?locale=fr']) {
        const rows = path === '/fleet/batches' ? csv('two', 1) : csv('one', 1);
        const answer = await web.post(path, 'text/csv', rows, key('k3'));
        expect(answer.status).to.equal(422);
        expect(answer.json()['error']).to.include({ code: 'key_reused' });
      }
      expect(await batchCount()).to.equal(before);
    });

    it('is queued again where Redis has lost the batch', async () => {
      const first = await web.post('/fleet/batches', 'text/csv', csv('lost', 1), key('k4'));
      const id = String(first.json()['batch']);
      await allQueued(id);
      const { redis, keys } = fleet.fleet;
      // The last that a submission does would bring a part of it back.
      await until('the submission is closed', async () => (await redis.exists(keys.submitting(id))) === 0);
      await redis.del(keys.batch(id), keys.counts(id));
      const again = await web.post('/fleet/batches', 'text/csv', csv('lost', 1), key('k4'));
      expect(again.status).to.equal(202);
      expect(again.json()['batch']).not.to.equal(id);
    });

    it('may be corrected and sent with the same key when nothing was queued of it', async () => {
      expect((await web.post('/fleet/batches', 'text/csv', 'domain\nno good\n', key('k5'))).status).to.equal(
        422,
      );
      expect((await web.post('/fleet/batches', 'text/csv', csv('good', 1), key('k5'))).status).to.equal(202);
    });
  });

  /** Sends the begin of an upload over a socket of its own, and leaves when told to. */
  function beginUpload(part: string, length: number) {
    const socket = connect(web.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST /fleet/batches HTTP/1.1\r\nHost: x\r\nAuthorization: ${OPERATOR_AUTHORIZATION}\r\n` +
        `Content-Type: text/csv\r\nContent-Length: ${length}\r\n\r\n${part}`,
    );
    return socket;
  }

  it('that says that it is too large is refused before it is sent', async () => {
    const socket = beginUpload('', MOST_BYTES + 100_000);
    const [head] = (await once(socket, 'data')).map(String);
    expect(head).to.match(/^HTTP\/1.1 413 /);
    expect(head).to.include('"too_large"');
    await once(socket, 'close');
  });

  it('that turns out to be too large is refused, and nothing of it is kept', async () => {
    const before = await batchCount();
    const socket = connect(web.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST /fleet/batches HTTP/1.1\r\nHost: x\r\nAuthorization: ${OPERATOR_AUTHORIZATION}\r\n` +
        'Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let sent = 0; sent <= MOST_BYTES; sent += 65_536) socket.write(chunk);
    const [head] = (await once(socket, 'data')).map(String);
    expect(head).to.match(/^HTTP\/1.1 413 /);
    expect(head).to.include('"too_large"');
    socket.destroy();
    expect(await batchCount()).to.equal(before);
  });

  it('may be larger than any other request', async () => {
    const rows = [1, 2, 3, 4].map((at) => `{"domain":"large${at}.example.org"}${' '.repeat(600_000)}`);
    const answer = await web.post('/fleet/batches', 'application/x-ndjson', `${rows.join('\n')}\n`);
    expect(answer.status).to.equal(202);
    expect(answer.json()).to.include({ total: 4 });
  });

  it('waits for no server that is away: it is refused, and taken once that is back', async () => {
    const other = await startTestFleet({ worker: false });
    const otherWeb = await startFleetWeb(other);
    try {
      const submit = (name: string) => otherWeb.post('/fleet/batches', 'text/csv', csv(name, 2));
      expect((await submit('before')).status).to.equal(202);
      await until('all is queued', () => otherWeb.desk.uploads === 0);
      for (const server of [other.redis, ...(other.couch.real ? [] : [other.couch])]) {
        await server.stop();
        const refused = await submit('while');
        expect(refused.status).to.equal(503);
        expect(refused.headers.get('retry-after')).to.match(/^\d+$/);
        expect(otherWeb.desk.uploads).to.equal(0);
        await server.start();
        await until('it is taken again', async () => (await submit('after')).status === 202);
      }
    } finally {
      await otherWeb.close();
      await other.close();
    }
  }).timeout(60_000);

  it('whose client leaves in the middle queues nothing, and leaves nothing behind', async () => {
    const before = await batchCount();
    const socket = beginUpload(csv('left', 10), 100_000);
    await until('it holds a place', () => web.desk.uploads === 1);
    socket.destroy();
    await until('its place is free', () => web.desk.uploads === 0);
    expect(await batchCount()).to.equal(before);
  });

  it('is refused while others hold all places, and taken afterwards', async () => {
    const sockets = [1, 2].map(() => beginUpload('domain\n', 100_000));
    await until('all places are held', () => web.desk.uploads === 2);
    const refused = await web.post('/fleet/batches', 'text/csv', csv('busy', 1));
    expect(refused.status).to.equal(503);
    expect(refused.headers.get('retry-after')).to.match(/^\d+$/);
    expect(refused.json()['error']).to.include({ code: 'server_busy' });
    for (const socket of sockets) socket.destroy();
    await until('all places are free', () => web.desk.uploads === 0);
    expect((await web.post('/fleet/batches', 'text/csv', csv('busy', 1))).status).to.equal(202);
  });

  it('of 5,000 rows is queued whole although its client leaves once the batch is there', async () => {
    const body = csv('many', 5_000);
    const socket = beginUpload(body, Buffer.byteLength(body));
    const head = await new Promise<string>((resolve) =>
      socket.once('data', (chunk) => resolve(String(chunk))),
    );
    socket.destroy();
    expect(head).to.match(/^HTTP\/1.1 202 /);
    const id = /location: \/fleet\/batches\/(\w+)/i.exec(head)?.[1] ?? '';
    const { counts } = await fleet.fleet.batches.get(id);
    expect(counts.waiting, 'the answer comes before all are queued').to.be.below(5_000);
    await allQueued(id);
  }).timeout(60_000);

  it('that the server cannot finish because it stops keeps how many rows it was to have', async () => {
    const other = await startFleetWeb(fleet);
    const answer = await other.post('/fleet/batches', 'text/csv', csv('cut', 5_000));
    await other.close();
    const batch = await fleet.fleet.batches.get(String(answer.json()['batch']));
    expect(batch.total).to.be.below(5_000).and.equal(batch.counts.waiting);
    expect(batch.ordered).to.equal(5_000);
  }).timeout(60_000);
});
