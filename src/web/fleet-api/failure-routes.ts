import { Readable } from 'node:stream';
import * as z from 'zod';
import { returnedFile } from '../../operations/batches/export-rows.ts';
import { FAILURES, failureGroups } from '../../operations/batches/failure-groups.ts';
import type { WebContext } from '../web-context.ts';
import { batchParams } from './paths.ts';
import { failureGroup, problems } from './schemas.ts';
import type { ZodApp } from './zod-routes.ts';

/** What went wrong in a batch: counted by stage and cause, and its rows, to be corrected and submitted again. */
export function failureRoutes(app: ZodApp, context: WebContext): void {
  app.route({
    method: 'GET',
    url: '/fleet/batches/:id/errors',
    schema: {
      summary: 'What went wrong in a batch by stage and cause, most frequent first, with an example each',
      params: batchParams,
      response: { 200: z.object({ errors: z.array(failureGroup.readonly()) }), ...problems },
    },
    handler: async ({ params: { id } }) => ({ errors: await failureGroups(await context.fleet(), id) }),
  });

  app.route({
    method: 'GET',
    url: '/fleet/batches/:id/failed.csv',
    schema: {
      summary: 'The rows that failed or are incomplete, as their file had them, with what went wrong',
      description:
        'CSV that may be corrected and submitted again. A passphrase comes sealed: it is good for the same domain on the same fleet alone.',
      produces: ['text/csv'],
      params: batchParams,
      response: { 200: z.unknown().describe('CSV with the columns of the file.'), ...problems },
    },
    handler: async ({ params: { id } }, reply) => {
      const lines = returnedFile(await context.fleet(), id, FAILURES);
      // What cannot be read at all is told as a problem, and not within a file.
      const head = await lines.next();
      return await reply
        .type('text/csv; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-content-type-options', 'nosniff')
        .header('content-disposition', `attachment; filename="${fileName(id)}"`)
        .send(Readable.from(rejoined(head, lines)));
    },
  });
}

async function* rejoined(head: IteratorResult<string>, lines: AsyncIterable<string>): AsyncGenerator<string> {
  if (head.done === true) return;
  yield head.value;
  yield* lines;
}

/** Of a batch that is there: letters and digits alone. */
function fileName(id: string): string {
  return `${id.replaceAll(/[^0-9A-Z]/g, '')}-failed.csv`;
}
