import { createRequire } from 'node:module';
import { expect } from 'chai';
import { z } from 'zod';
import { readEvents } from '../../support/event-reader.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type Answer, type FleetWeb, startFleetWeb } from '../../support/fleet-web.ts';
import { until } from '../../support/until.ts';

/** As far as the tests read it. */
const openapi = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        summary: z.string(),
        responses: z.record(
          z.string(),
          z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })).optional() }),
        ),
      }),
    ),
  ),
});

const oneWorker = z.array(z.looseObject({ id: z.string() }));

type Document = z.infer<typeof openapi>;

interface Validator {
  (value: unknown): boolean;
  errors?: unknown;
}

/** Comes with fastify; its types are those of a CommonJS module. */
const Ajv: new (options: object) => { compile(schema: unknown): Validator } = createRequire(import.meta.url)(
  'ajv/dist/2020',
).default;
const addFormats: (ajv: object) => void = createRequire(import.meta.url)('ajv-formats');

describe('the OpenAPI document', () => {
  let fleet: TestFleet;
  let web: FleetWeb;
  let document: Document;
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    web = await startFleetWeb(fleet, { periodMs: 50 });
    document = openapi.parse((await web.ask('/fleet/openapi.json')).json());
  });

  after(async () => {
    await web?.close();
    await fleet?.close();
  });

  function schemaOf(method: string, path: string, status: number): unknown {
    const { responses } = document.paths[path]?.[method.toLowerCase()] ?? {};
    const response = responses?.[String(status)] ?? responses?.[`${Math.floor(status / 100)}XX`];
    return response?.content?.['application/json']?.schema;
  }

  function check(value: unknown, method: string, path: string, status: number): void {
    const schema = schemaOf(method, path, status);
    expect(schema, `${method} ${path} ${status} is described`).to.be.an('object');
    const validate = ajv.compile(schema);
    const isValid = validate(value);
    expect(isValid, `${method} ${path} ${status}: ${JSON.stringify(validate.errors)}`).to.equal(true);
  }

  const seen = new Set<string>();

  /** Holds a real answer against what the document says of that route. */
  function conforms(answer: Answer, method: string, path: string, status: number): Record<string, unknown> {
    expect(answer.status, answer.text).to.equal(status);
    seen.add(`${method} ${path}`);
    check(answer.json(), method, path, status);
    return answer.json();
  }

  it('is of version 3.1, and names every route', () => {
    expect(document.openapi).to.equal('3.1.0');
    expect(Object.keys(document.paths)).to.have.members([
      '/fleet/batches',
      '/fleet/batches/{id}',
      '/fleet/batches/{id}/rows',
      '/fleet/batches/{id}/events',
      '/fleet/batches/{id}/retry',
      '/fleet/batches/{id}/cancel',
      '/fleet/batches/{id}/pause',
      '/fleet/batches/{id}/resume',
      '/fleet/batches/{id}/steering',
      '/fleet/batches/{id}/errors',
      '/fleet/batches/{id}/failed.csv',
      '/fleet/events',
      '/fleet/jobs',
      '/fleet/jobs/{id}',
      '/fleet/jobs/{id}/retry',
      '/fleet/jobs/{id}/cancel',
      '/fleet/workers',
      '/fleet/workers/{worker}/drain',
      '/fleet/workers/{worker}/undrain',
      '/fleet/queue',
      '/fleet/queue/pause',
      '/fleet/queue/resume',
      '/fleet/usage',
      '/fleet/doctor',
      '/fleet/instances/{domain}/history',
      '/fleet/instances/{domain}',
    ]);
  });

  it('says what an answer must not lack', () => {
    const validate = ajv.compile(schemaOf('GET', '/fleet/queue', 200));
    expect(validate({ jobs: { waiting: 1 } })).to.equal(false);
    expect(validate({ jobs: {}, secret: 'x' })).to.equal(false);
  });

  it('describes what each route answers, well and badly', async () => {
    const good = `domain\n${fleet.domain('a')}\n${fleet.domain('taken')}\n`;
    await fleet.putInstance({ domain: fleet.domain('owner'), domain_aliases: [fleet.domain('taken')] });
    const upload = (query: string, body: string, headers = {}) =>
      web.post(`/fleet/batches${query}`, 'text/csv', body, headers);
    const POST = ['POST', '/fleet/batches'] as const;
    const key = { 'idempotency-key': 'doc' };
    const { batch } = conforms(await upload('', good, key), ...POST, 202);
    conforms(await upload('', good, key), ...POST, 200);
    conforms(await upload('', `${good}c.example.org\n`, key), ...POST, 422);
    conforms(await upload('?dry_run=true', good), ...POST, 200);
    conforms(await upload('?dry_run=true', 'domain\nno good\n'), ...POST, 200);
    conforms(await upload('', 'domain\nno good\n'), ...POST, 422);
    conforms(await upload('', 'nonsense\n'), ...POST, 422);
    conforms(await upload('?nonsense=1', good), ...POST, 400);

    await fleet.startWorker();
    try {
      await until('the batch has ended', async () => {
        return (await fleet.fleet.batches.get(String(batch))).endedAt !== undefined;
      });
      await until('a worker is listed', async () => (await web.ask('/fleet/workers')).text.includes('"pid"'));
      const { workers } = conforms(await web.ask('/fleet/workers'), 'GET', '/fleet/workers', 200);
      const { id } = oneWorker.parse(workers)[0] ?? {};
      for (const what of ['drain', 'undrain']) {
        const path = `/fleet/workers/${id}/${what}`;
        conforms(
          await web.post(path, 'application/json', ''),
          'POST',
          `/fleet/workers/{worker}/${what}`,
          200,
        );
      }
    } finally {
      await fleet.stopWorker();
    }
    const ask = async (path: string, route: string, status = 200) =>
      conforms(await web.ask(path), 'GET', route, status);
    await ask('/fleet/batches', '/fleet/batches');
    await ask(`/fleet/batches/${batch}`, '/fleet/batches/{id}');
    await ask('/fleet/batches/ZZZZZ', '/fleet/batches/{id}', 404);
    const { rows } = await ask(`/fleet/batches/${batch}/rows`, '/fleet/batches/{id}/rows');
    expect(rows).to.have.length(2);
    const { errors } = await ask(`/fleet/batches/${batch}/errors`, '/fleet/batches/{id}/errors');
    expect(errors).to.have.length(1);
    const { jobs } = await ask('/fleet/jobs', '/fleet/jobs');
    expect(jobs).to.have.length(2);
    await ask(`/fleet/jobs/${fleet.domain('a')}`, '/fleet/jobs/{id}');
    await ask(`/fleet/instances/${fleet.domain('a')}`, '/fleet/instances/{domain}');
    await ask('/fleet/instances/nobody.example.org', '/fleet/instances/{domain}', 404);
    const history = `/fleet/instances/${fleet.domain('a')}/history`;
    const { entries } = await ask(history, '/fleet/instances/{domain}/history');
    expect(entries).to.have.length(1);
    await ask('/fleet/queue', '/fleet/queue');
    await ask('/fleet/usage', '/fleet/usage', 404);

    const post = async (path: string, route: string, status: number) =>
      conforms(await web.post(path, 'application/json', ''), 'POST', route, status);
    const patch = async (path: string, body: object, route: string, status: number) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await web.ask(path, { method: 'PATCH', body: JSON.stringify(body), headers });
      return conforms(answer, 'PATCH', route, status);
    };
    const { id: failed = '' } = (await fleet.fleet.queue.getFailed())[0] ?? {};
    await post(`/fleet/batches/${batch}/cancel`, '/fleet/batches/{id}/cancel', 409);
    await post(`/fleet/jobs/${failed}/cancel`, '/fleet/jobs/{id}/cancel', 409);
    await post(`/fleet/jobs/${failed}/retry`, '/fleet/jobs/{id}/retry', 200);
    await post(`/fleet/jobs/${failed}/cancel`, '/fleet/jobs/{id}/cancel', 200);
    await post('/fleet/queue/pause', '/fleet/queue/pause', 200);
    await patch('/fleet/queue', { concurrency: 5, rate: '5/s' }, '/fleet/queue', 200);
    await patch('/fleet/queue', { concurrency: null, rate: null }, '/fleet/queue', 200);
    await patch('/fleet/queue', { rate: 'fast' }, '/fleet/queue', 400);
    await post('/fleet/queue/resume', '/fleet/queue/resume', 200);
    await post('/fleet/doctor', '/fleet/doctor', 200);
    await post(`/fleet/batches/${batch}/pause`, '/fleet/batches/{id}/pause', 200);
    await post(`/fleet/batches/${batch}/resume`, '/fleet/batches/{id}/resume', 200);
    await patch(`/fleet/batches/${batch}/steering`, { canary: 1 }, '/fleet/batches/{id}/steering', 200);
    await patch(`/fleet/batches/${batch}/steering`, { canary: 0 }, '/fleet/batches/{id}/steering', 400);
    await post(`/fleet/batches/${batch}/cancel`, '/fleet/batches/{id}/cancel', 200);
    await post(`/fleet/batches/${batch}/retry`, '/fleet/batches/{id}/retry', 200);

    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...seen]).to.have.members(described.filter((route) => !/\/events$|\.csv$/.test(route)));
  }).timeout(60_000);

  it('describes events by the routes that answer the same', async () => {
    const { batch } = (await web.post('/fleet/batches', 'text/csv', `domain\n${fleet.domain('e')}\n`)).json();
    const reader = await readEvents(`${web.url}/fleet/batches/${batch}/events`);
    await until('one has come', () => reader.events.length > 0);
    reader.leave();
    check(reader.events[0]?.data, 'GET', '/fleet/batches/{id}', 200);
  });
});
