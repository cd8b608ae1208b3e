import { expect } from 'chai';
import fastify, { type FastifyInstance } from 'fastify';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { HostAnswer, HostedInstance } from '../../../src/web/host-answer.ts';
import { createMovedToReader } from '../../../src/web/pages/moved-to.ts';
import { createAnswerRenderer } from '../../../src/web/pages/render-answer.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

describe('what a host answers', () => {
  let test: TestFleet;
  let app: FastifyInstance;
  let answer: HostAnswer;
  let time = 0;

  before(async () => {
    test = await startTestFleet({ worker: false });
    const couch = { global: test.server, cluster: () => test.server };
    const render = createAnswerRenderer(createMovedToReader(couch, () => time));
    app = fastify();
    app.setNotFoundHandler(async (request, reply) => {
      const { status, headers, body } = await render(answer, request);
      return await reply.code(status).headers(headers).send(body);
    });
  });

  after(async () => {
    await app.close();
    await test.close();
  });

  const hosted = (more: Partial<HostedInstance> = {}): HostedInstance => ({
    id: 'x',
    domain: 'a.example.org',
    oldDomain: undefined,
    locale: 'en',
    contextName: undefined,
    ...more,
  });

  const page = (method: 'GET' | 'POST' = 'GET') =>
    app.inject({ method, url: '/any', headers: { accept: 'text/html' } });
  const json = () => app.inject({ url: '/any', headers: { accept: 'application/json' } });

  it('is a page for people', async () => {
    answer = { state: 'provisioning', instance: hosted() };
    const { statusCode, headers, body } = await page();
    expect(statusCode).to.equal(503);
    expect(headers).to.include({ 'content-type': 'text/html; charset=utf-8', 'retry-after': '10' });
    expect(body).to.contain('<h1>This Cozy is being made</h1>');
    expect(body.match(/<h1>/g)).to.have.length(1);
  });

  it('is an error of the stack for programs, in English', async () => {
    answer = { state: 'blocked', instance: hosted({ locale: 'fr' }), reason: 'PAYMENT_FAILED' };
    const { statusCode, headers, body } = await json();
    expect(statusCode).to.equal(402);
    expect(headers['content-type']).to.equal('application/json; charset=utf-8');
    expect(JSON.parse(body)).to.deep.equal({
      errors: [
        {
          status: '402',
          title: 'Payment Required',
          detail: 'The instance is blocked: PAYMENT_FAILED',
          source: {},
        },
      ],
    });
  });

  it('tells programs of no success where there is nothing for them', async () => {
    answer = { state: 'ready', instance: hosted() };
    expect((await json()).statusCode).to.equal(404);
    expect((await page()).statusCode).to.equal(200);
    expect((await page('POST')).statusCode).to.equal(404);
    answer = { state: 'onboarding', instance: hosted() };
    expect((await json()).statusCode).to.equal(403);
    expect((await page()).statusCode).to.equal(200);
  });

  it('repeats a reason as text', async () => {
    const reason = '"><script>alert(1)</script>';
    answer = { state: 'blocked', instance: hosted(), reason };
    expect((await page()).body)
      .to.contain('&#60;script&#62;')
      .and.not.contain('<script');
    expect(JSON.parse((await json()).body).errors[0].detail).to.contain(reason);
  });

  it('loads nothing from elsewhere, and has neither scripts nor styles inside', async () => {
    answer = { state: 'ready', instance: hosted() };
    const { body } = await page();
    const loaded = [...body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
    expect(loaded).to.deep.equal(['data:,', '/.cozy-fleet/assets/pages.css']);
    expect(body).not.to.match(/<style|<script|style=|\son\w+=/);
  });

  describe('of an instance that has moved', () => {
    async function moved(name: string, movedTo: unknown): Promise<HostedInstance> {
      const domain = test.domain(name);
      const { _id: id } = await test.putInstance({ domain, prefix: prefixOf(domain), moved: true });
      const database = databaseName(prefixOf(domain), 'io.cozy.settings');
      await test.server.createDatabase(database);
      await test.server.putDocument(database, { _id: 'io.cozy.settings.instance', moved_to: movedTo });
      return hosted({ id, domain });
    }

    it('links where its settings say that it is', async () => {
      answer = { state: 'moved', instance: await moved('gone', 'https://alice.example.com/?from=here') };
      const { statusCode, body } = await page();
      expect(statusCode).to.equal(410);
      expect(body).to.contain('href="https://alice.example.com/">Go to alice.example.com</a>');
    });

    it('has no link where they say nothing that can be linked', async () => {
      answer = { state: 'moved', instance: await moved('lost', 'javascript:alert(1)') };
      const { statusCode, body } = await page();
      expect(statusCode).to.equal(410);
      expect(body).not.to.contain('<a ').and.not.contain('alert');
    });

    it('has no link where there are no settings', async () => {
      answer = { state: 'moved', instance: hosted({ id: 'nobody' }) };
      expect((await page()).body).not.to.contain('<a ');
    });

    it('asks CouchDB once a minute at the most', async () => {
      const instance = await moved('often', 'first.example.com');
      answer = { state: 'moved', instance };
      await page();
      const database = databaseName(prefixOf(instance.domain), 'io.cozy.settings');
      const before = await test.server.getDocument(database, 'io.cozy.settings.instance');
      if (before === undefined) throw new Error('no settings');
      await test.server.putDocument(database, { ...before, moved_to: 'second.example.com' });
      time += 59_999;
      expect((await page()).body).to.contain('first.example.com');
      time += 1;
      expect((await page()).body).to.contain('second.example.com');
    });
  });
});
