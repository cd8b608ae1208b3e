import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import { FleetError } from '../../errors.ts';
import { registerPageHeaders } from '../http/page-headers.ts';
import { addPagePreference } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { batchRoutes } from './batches/batch-routes.ts';
import { doctorPage } from './doctor-page.ts';
import { jobRoutes } from './job-routes.ts';
import { overview } from './overview.ts';
import { queueBoard } from './queue-board.ts';
import { queuePage } from './queue-page.ts';
import { failureHandler } from './shell/error-page.ts';
import { fleetAssets } from './shell/fleet-assets.ts';
import { signIn } from './sign-in.ts';
import { uploadRoutes } from './uploads/upload-routes.ts';
import { usagePage } from './usage-page.ts';
import { workersPage } from './workers-page.ts';

/** The pages for operators at `/fleet`; behind `fleetGuard`. Where programs have routes on the same paths, browsers get pages. */
export async function fleetPage(app: FastifyInstance, context: WebContext): Promise<void> {
  addPagePreference(app);
  await app.register(async (pages) => {
    // Where a form of ours is sent from has to be told: so it is known from another site's.
    await registerPageHeaders(pages, { connects: true, referrer: 'same-origin' });
    await pages.register(formbody);
    pages.setErrorHandler(failureHandler(context));
    await pages.register(fleetAssets);
    await signIn(pages, context);
    await overview(pages, context);
    await batchRoutes(pages, context);
    await jobRoutes(pages, context);
    await pages.register((uploads) => uploadRoutes(uploads, context));
    await workersPage(pages, context);
    await queuePage(pages, context);
    await usagePage(pages, context);
    await doctorPage(pages, context);
    pages.all('/fleet/*', async () => {
      throw new FleetError('not_found', 'there is no such page');
    });
  });
  await app.register((board) => queueBoard(board, context));
}
