import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { createBatchSteering } from '../../fleet-api/batch-steering.ts';
import { batchPath, LONGEST_REASON } from '../../fleet-api/paths.ts';
import { PAGE } from '../../http/prefers-page.ts';
import type { WebContext } from '../../web-context.ts';
import { leadTo } from '../shell/send-page.ts';
import { holdChanges, withLabel } from './hold-form.ts';

const params = z.object({ id: z.string().toUpperCase() });

/** Why, for the record; a reason that is too long is cut. */
const form = z
  .object({
    reason: z
      .string()
      .transform((text) => text.trim().slice(0, LONGEST_REASON))
      .catch(''),
  })
  .catch({ reason: '' });

const PAGES = { constraints: { prefers: PAGE } };

/** What holds a batch back: paused, gone on with, limited. */
export async function holdRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  const steering = createBatchSteering(context);

  app.post('/fleet/batches/:id/pause', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    await steering.pause(request, id, form.parse(request.body).reason);
    return await leadTo(reply, batchPath(id));
  });

  app.post('/fleet/batches/:id/resume', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    await steering.resume(request, id, form.parse(request.body).reason);
    return await leadTo(reply, batchPath(id));
  });

  app.post('/fleet/batches/:id/steering', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    const changes = holdChanges(request.body);
    try {
      if (changes !== undefined) await steering.set(request, id, changes, form.parse(request.body).reason);
    } catch (error) {
      throw withLabel(error);
    }
    return await leadTo(reply, batchPath(id));
  });
}
