import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import { FleetError } from '../../errors.ts';
import { addPagePreference, PAGE } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { answerFailures } from './error-page.ts';
import { fleetAssets } from './fleet-assets.ts';
import { addPagePolicy } from './page-policy.ts';
import { signIn } from './sign-in.ts';

/** The pages for operators at `/fleet`; behind `fleetGuard`. Where programs have routes on the same paths, browsers get pages. */
export async function fleetPage(app: FastifyInstance, context: WebContext): Promise<void> {
  addPagePreference(app);
  await app.register(async (pages) => {
    await addPagePolicy(pages, 'pages');
    await pages.register(formbody);
    answerFailures(pages, context);
    await pages.register(fleetAssets);
    await signIn(pages, context);
    pages.get('/fleet/*', { constraints: { prefers: PAGE } }, async () => {
      throw new FleetError('not_found', 'there is no such page');
    });
  });
}
