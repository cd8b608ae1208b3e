import * as z from 'zod';
import { SUBJECTS } from '../../operations/doctor/finding.ts';
import type { WebContext } from '../web-context.ts';
import { problems } from './schemas.ts';
import type { ZodApp } from './zod-routes.ts';

const diagnosisAnswer = z.object({
  checks: z
    .array(
      z
        .object({
          subject: z.enum(SUBJECTS),
          check: z.string(),
          verdict: z.enum(['ok', 'warn', 'fail']),
          text: z.string(),
          advice: z.string().optional(),
        })
        .readonly(),
    )
    .readonly(),
  fails: z.int().min(0),
  warnings: z.int().min(0),
});

/** Looks at everything that the fleet needs, as this server sees it. */
export function doctorRoutes(app: ZodApp, { diagnose }: WebContext): void {
  app.route({
    method: 'POST',
    url: '/fleet/doctor',
    schema: {
      summary: 'Look at everything a fleet needs, and say what to do about what is not well',
      description:
        'From where this server runs. All is asked side by side, which takes 15 seconds at the most; who asks meanwhile gets the same answer. A file is written to the root of the storage and removed at once.',
      response: { 200: diagnosisAnswer, ...problems },
    },
    handler: async () => await diagnose(),
  });
}
