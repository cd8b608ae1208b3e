import * as z from 'zod';
import type { RowReport } from '../../../operations/input/check-file.ts';
import { type CheckedUpload, planUpload } from '../../../operations/instances/check-upload.ts';
import type { Plan } from '../../../operations/plan/plan.ts';
import { actorOf } from '../../http/actor.ts';
import type { WebContext } from '../../web-context.ts';
import type { FleetDesk } from '../fleet-desk.ts';
import { batchPath } from '../paths.ts';
import { problemOf } from '../problem.ts';
import { problems } from '../schemas.ts';
import { isPlannable } from '../upload-plan.ts';
import type { ZodApp } from '../zod-routes.ts';
import { submitOnce } from './submit-once.ts';
import { acceptUploads, UPLOAD_TYPES, uploadBody } from './upload-body.ts';
import { uploadOrder, uploadQuery } from './upload-query.ts';
import { checkAnswer, refusedUploadAnswer, submittedAnswer } from './upload-schemas.ts';

/** Rows of a plan that are told. */
const MOST_ROWS = 5_000;

const uploadHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'an Idempotency-Key has 1 to 255 visible characters')
    .optional()
    .describe('The same key with the same content within 24 hours leads to the same batch.'),
});

/** `POST /fleet/batches`: a file is checked from its first row to its last, and only then queued as a batch. */
export async function uploadRoutes(
  app: ZodApp,
  context: WebContext,
  desk: FleetDesk,
  mostBytes: number,
): Promise<void> {
  await acceptUploads(app, mostBytes);
  app.route({
    method: 'POST',
    url: '/fleet/batches',
    schema: {
      summary: 'Submit a file of instances as a batch',
      description:
        'Rows as CSV or NDJSON, or a form with a file. All are checked before any is queued. The answer comes once the batch is there; its rows are queued meanwhile, whoever waits. In the query, any column that is not one instance’s own may be given for rows that leave it empty.',
      consumes: UPLOAD_TYPES,
      headers: uploadHeaders,
      querystring: uploadQuery,
      body: z.unknown(),
      response: {
        200: z.union([checkAnswer, submittedAnswer]).describe('Of a dry run, or of a repeated submission.'),
        202: submittedAnswer,
        422: z.union([refusedUploadAnswer, z.object({ error: refusedUploadAnswer.shape.error })]),
        ...problems,
      },
    },
    handler: async (request, reply) => {
      const order = uploadOrder(request.query);
      const key = request.headers['idempotency-key'];
      const rows = await uploadBody(request, mostBytes);
      const { work, skipInvalid, naming, given, dryRun } = order;
      const upload = await desk.check({ rows, work, skipInvalid });
      const { checked } = upload;
      let isQueueing = false;
      const submit = async (): Promise<string> => {
        isQueueing = true;
        return (await upload.submit(naming, actorOf(request))).batch;
      };
      try {
        if (dryRun) {
          const plan = isPlannable(checked) ? await planUpload(context, checked, naming.tries) : undefined;
          return await reply.code(200).send({ ...dryRunOf(checked), ...(plan && planOf(plan)) });
        }
        if (checked.refusal !== undefined)
          return await reply.code(422).send(refusalOf(checked, checked.refusal));
        const asked = { work, naming: { ...naming, steering: undefined }, skipInvalid, ...given };
        const content = `${JSON.stringify(asked)} ${rows.digest()}`;
        const { batch, isRepeated } =
          typeof key === 'string'
            ? await submitOnce(await context.fleet(), { key, content }, submit)
            : { batch: await submit(), isRepeated: false };
        const { counts, warnings } = checked;
        return await reply
          .code(isRepeated ? 200 : 202)
          .header('location', batchPath(batch))
          .send({ batch, total: counts.valid, invalidRows: counts.invalid, warnings: warnings.map(told) });
      } finally {
        if (!isQueueing) await upload.close();
      }
    },
  });
}

/** What was found in an upload, as it goes out. */
function findings({ kind, file, counts, problems: wrong, warnings, more }: CheckedUpload) {
  return { kind, file, counts, problems: wrong.map(told), warnings: warnings.map(told), more };
}

function dryRunOf(checked: CheckedUpload) {
  const { refusal, preflight } = checked;
  return {
    ...findings(checked),
    queueable: refusal === undefined,
    ...(preflight && {
      preflight: {
        lines: preflight.lines,
        ...(preflight.warning !== undefined && { warning: preflight.warning }),
      },
    }),
    ...(refusal && problemOf(refusal).problem),
  };
}

/** What each row would do, the first of them. */
function planOf({ counts, rows }: Plan) {
  const shown = rows.slice(0, MOST_ROWS).map(({ request: { row }, domain, verdict, unknown }) => ({
    row,
    domain,
    ...verdict,
    unknown,
  }));
  return { plan: { counts, rows: shown, more: rows.length - shown.length } };
}

function refusalOf(checked: CheckedUpload, refusal: unknown) {
  return { ...findings(checked), ...problemOf(refusal).problem };
}

/** The file is named once. */
function told({ line, column, message }: RowReport) {
  return { line, message, ...(column !== undefined && { column }) };
}
