import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import type { FleetQueue } from '../../jobs/fleet/open-queue.ts';
import { changesSomething } from '../auth/foreign-request.ts';
import { registerPageHeaders } from '../http/page-headers.ts';
import type { WebContext } from '../web-context.ts';
import { failureHandler } from './shell/error-page.ts';

const PATH = '/fleet/board';

/** The board sets styles in its elements, and names its own folder as the base of its links. */
const BOARD = {
  styleSrc: ["'self'", "'unsafe-inline'"],
  baseUri: ["'self'"],
  formAction: ["'none'"],
};

/** Styles that the board would have from another server. */
const LINK = /<link [^<>]*>/g;
const FOREIGN = 'href="http';

/**
 * The queue as BullMQ's own board shows it, to look at only: its buttons would pass by the names that jobs hold. What a job
 * holds is hidden, for it tells of people.
 */
export async function queueBoard(app: FastifyInstance, context: WebContext): Promise<void> {
  await registerPageHeaders(app, { connects: true, referrer: 'same-origin', directives: BOARD });
  const server = new FastifyAdapter().setBasePath(PATH);
  const board = createBullBoard({
    queues: [],
    serverAdapter: server,
    options: {
      uiConfig: {
        boardTitle: 'cozy-fleet',
        miscLinks: [{ text: 'Back to the fleet', url: '/fleet' }],
        hideRedisDetails: true,
      },
    },
  });
  let shown: FleetQueue | undefined;

  app.addHook('onRequest', async (request, reply) => {
    if (changesSomething(request))
      return await reply.code(405).send({ error: 'The board is to look at only' });
    const { queue } = await context.fleet();
    if (queue !== shown) board.replaceQueues([readOnly(queue)]);
    shown = queue;
  });
  // The board's own handler would tell whatever is thrown, as it is.
  const errorHandler = failureHandler(context);
  app.addHook('onRoute', (route) => {
    route.errorHandler = errorHandler;
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
    if (!isPage || typeof payload !== 'string') return payload;
    return payload.replaceAll(LINK, (link) => (link.includes(FOREIGN) ? '' : link));
  });
  await app.register(server.registerPlugin(), { prefix: PATH });
}

function readOnly(queue: FleetQueue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, { readOnlyMode: true });
  for (const field of ['data', 'progress', 'returnValue'] as const)
    adapter.setFormatter(field, () => 'hidden');
  return adapter;
}
