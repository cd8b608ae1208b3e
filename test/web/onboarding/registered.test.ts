import { expect } from 'chai';
import fastify, { type FastifyInstance } from 'fastify';
import type { HostAnswer } from '../../../src/web/host-answer.ts';
import { registeredAnswer } from '../../../src/web/onboarding/registered.ts';

const instance = {
  id: 'x',
  domain: 'a.example.org',
  oldDomain: undefined,
  locale: 'en',
  contextName: undefined,
};

describe('the answer to a registration', () => {
  let app: FastifyInstance;
  let states: HostAnswer['state'][];
  let looks: number;

  beforeEach(() => {
    looks = 0;
    app = fastify();
    const hostAnswerNow = (): HostAnswer => {
      const state = states[Math.min(looks, states.length - 1)];
      looks += 1;
      return state === 'ready' ? { state, instance } : { state: 'onboarding', instance };
    };
    app.post('/', async (request, reply) => {
      const { status, headers, body } = await registeredAnswer(
        request,
        { hostAnswerNow },
        'https://a.example.org',
      );
      return await reply.code(status).headers(headers).send(body);
    });
  });

  afterEach(() => app.close());

  const post = (accept: string) => app.inject({ method: 'POST', url: '/', headers: { accept } });

  it('sends people on when the host is known to be in use', async () => {
    states = ['onboarding', 'onboarding', 'ready'];
    const { statusCode, headers } = await post('text/html');
    expect([statusCode, headers.location]).to.deep.equal([303, '/']);
    expect(looks).to.equal(3);
  });

  it('sends them on after three seconds whatever is known', async () => {
    states = ['onboarding'];
    expect((await post('text/html')).statusCode).to.equal(303);
  });

  it('tells programs at once where the instance is, as a stack does', async () => {
    states = ['onboarding'];
    const { statusCode, body } = await post('application/json');
    expect(statusCode).to.equal(200);
    expect(JSON.parse(body)).to.deep.equal({ redirect: 'https://a.example.org/' });
    expect(looks).to.equal(0);
  });
});
