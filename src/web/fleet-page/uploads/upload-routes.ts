import multipart, { type MultipartFile } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { FleetError, InputError } from '../../../errors.ts';
import { DEFAULT_TRIES } from '../../../jobs/kinds/envelope.ts';
import type { UploadWork } from '../../../operations/instances/check-upload.ts';
import { deskOf } from '../../fleet-api/fleet-desk.ts';
import { batchPath, LONGEST_REASON } from '../../fleet-api/paths.ts';
import { MOST_UPLOAD_BYTES, shownFileName, tooLarge } from '../../fleet-api/upload-body.ts';
import { LONGEST_BATCH_NAME, MOST_FAILURES } from '../../fleet-api/upload-query.ts';
import { actorOf } from '../../http/actor.ts';
import { PAGE } from '../../http/prefers-page.ts';
import type { WebContext } from '../../web-context.ts';
import { csrfOf, leadTo, sendPage } from '../shell/send-page.ts';
import { type KeptUpload, keepUploads } from './kept-uploads.ts';
import { checkedPage, NEW_BATCH, uploadPage } from './upload-pages.ts';

/** Bytes of the other fields, and of what stands between them. */
const LARGEST_FORM = 64 * 1024;

const field = z.object({ value: z.string() }).transform(({ value }) => value);
const uploadFields = z.object({
  _csrf: field.optional().catch(undefined),
  kind: field.pipe(z.enum(['create', 'modify'])).catch('create'),
  locale: field.pipe(z.string().trim().max(20)).catch(''),
});

const params = z.object({ upload: z.string() });

const confirmation = z.object({
  name: z.string().trim().max(LONGEST_BATCH_NAME).catch(''),
  reason: z.string().trim().max(LONGEST_REASON).catch(''),
  skip_invalid: z.literal('yes').optional().catch(undefined),
  max_failures: z
    .union([z.literal('').transform(() => undefined), z.coerce.number().int().min(0).max(MOST_FAILURES)])
    .optional(),
});

const PAGES = { constraints: { prefers: PAGE } };

/** A file is sent, checked, looked over by its operator, and only then queued: the very one that was checked. */
export async function uploadRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  const kept = keepUploads();
  const desk = deskOf(context);
  const files = new WeakMap<FastifyRequest, MultipartFile>();
  app.addHook('onClose', () => kept.close());
  await app.register(multipart, {
    throwFileSizeLimit: false,
    limits: {
      fileSize: MOST_UPLOAD_BYTES,
      files: 1,
      fields: 10,
      fieldSize: 4 * 1024,
      parts: 12,
      headerPairs: 100,
    },
  });

  /** The token of the form has to be seen before its file is read. */
  async function readFields(request: FastifyRequest): Promise<void> {
    const file = request.isMultipart() ? await request.file() : undefined;
    if (file === undefined) throw new InputError('bad_request', 'no file came with the form');
    files.set(request, file);
    request.body = uploadFields.parse(file.fields);
  }

  app.get(NEW_BATCH, PAGES, async (request, reply) => {
    return await sendPage(request, reply, uploadPage(MOST_UPLOAD_BYTES, csrfOf(request, reply)));
  });

  app.post(
    NEW_BATCH,
    {
      ...PAGES,
      bodyLimit: MOST_UPLOAD_BYTES + LARGEST_FORM,
      preValidation: readFields,
      // What was not read of a file would keep the connection from its next request.
      onResponse: async (request) => void files.get(request)?.file.resume(),
    },
    async (request, reply) => {
      const file = files.get(request);
      if (file === undefined) throw new InputError('bad_request', 'no file came with the form');
      const { kind, locale } = uploadFields.parse(file.fields);
      const upload = await desk.check({
        rows: { name: shownFileName(file.filename), format: undefined, bytes: bytesOf(file) },
        work: workOf(kind, locale),
        // The operator is asked, once what is wrong was seen.
        skipInvalid: true,
      });
      const { id } = kept.keep(ownerOf(request), upload);
      return await leadTo(reply, `${NEW_BATCH}/${id}`);
    },
  );

  app.get(`${NEW_BATCH}/:upload`, PAGES, async (request, reply) => {
    const { upload } = params.parse(request.params);
    const found = orGone(kept.find(ownerOf(request), upload));
    return await sendPage(
      request,
      reply,
      checkedPage(found.id, found.upload.checked, csrfOf(request, reply)),
    );
  });

  app.post(`${NEW_BATCH}/:upload`, PAGES, async (request, reply) => {
    const { upload: id } = params.parse(request.params);
    const parsed = confirmation.safeParse(request.body ?? {});
    if (!parsed.success) throw new InputError('bad_value', 'the number of failures is not one');
    const { name, reason, skip_invalid: skips, max_failures: maxFailures } = parsed.data;
    const owner = ownerOf(request);
    if (orGone(kept.find(owner, id)).upload.checked.counts.invalid > 0 && skips === undefined) {
      throw new InputError(
        'invalid_rows',
        'there are bad rows, and you have not said that they are to be left out',
      );
    }
    const { upload } = orGone(kept.take(owner, id));
    const { file } = upload.checked;
    const naming = { name: name === '' ? file : name, reason, maxFailures, tries: DEFAULT_TRIES };
    const { batch } = await upload.submit(naming, actorOf(request));
    return await leadTo(reply, batchPath(batch));
  });
}

/** A file is its session's; programs share what they have sent. */
function ownerOf({ operatorSession }: FastifyRequest): string {
  return operatorSession?.id ?? '';
}

function orGone(kept: KeptUpload | undefined): KeptUpload {
  if (kept !== undefined) return kept;
  throw new FleetError(
    'not_found',
    'the file was queued already, or is not kept any more',
    'Submit it again.',
  );
}

/** A file that is cut off is not what the operator has. */
async function* bytesOf({ file }: MultipartFile): AsyncGenerator<Uint8Array> {
  yield* file;
  if (file.truncated) throw tooLarge(MOST_UPLOAD_BYTES);
}

function workOf(kind: 'create' | 'modify', locale: string): UploadWork {
  if (kind === 'modify') return { kind, changes: {} };
  return { kind, defaults: locale === '' ? {} : { locale } };
}
