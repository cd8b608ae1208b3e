import * as z from 'zod';
import { requireKeptReport } from '../../operations/targets/report-usage.ts';
import { usageSummary } from '../../usage/usage-summary.ts';
import type { WebContext } from '../web-context.ts';
import { problems } from './schemas.ts';
import type { ZodApp } from './zod-routes.ts';

const usageAnswer = z.object({
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  summary: usageSummary,
});

/** What the instances are used for, as it was measured last; nothing is measured for an answer. */
export function usageRoutes(app: ZodApp, { couch }: WebContext): void {
  app.route({
    method: 'GET',
    url: '/fleet/usage',
    schema: {
      summary: 'What the instances are used for, from the report that was kept last',
      description:
        'Made by the command instances report. One document is read, however many instances there are. Where unmeasured or unreadable is above 0 the report is partial; 404 where none was kept.',
      response: { 200: usageAnswer, ...problems },
    },
    handler: async () => {
      const { startedAt, endedAt, summary } = await requireKeptReport(couch);
      return {
        startedAt: new Date(startedAt).toISOString(),
        endedAt: new Date(endedAt).toISOString(),
        summary,
      };
    },
  });
}
