import { setTimeout as sleep } from 'node:timers/promises';
import multipart, { type MultipartFile } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { NOTIFY_ADDRESS, notifyAddress } from '../../../config/notify-address.ts';
import { FleetError, InputError } from '../../../errors.ts';
import { DEFAULT_TRIES } from '../../../jobs/kinds/envelope.ts';
import type { UploadWork } from '../../../operations/instances/check-upload.ts';
import { guardSentence } from '../../../operations/plan/guard.ts';
import { deskOf, type UploadOnDesk } from '../../fleet-api/fleet-desk.ts';
import { batchPath, LONGEST_REASON } from '../../fleet-api/paths.ts';
import { isPlannable, type UploadPlan } from '../../fleet-api/upload-plan.ts';
import { MOST_UPLOAD_BYTES, shownFileName, tooLarge } from '../../fleet-api/uploads/upload-body.ts';
import { LONGEST_BATCH_NAME } from '../../fleet-api/uploads/upload-query.ts';
import { actorOf } from '../../http/actor.ts';
import { PAGE } from '../../http/prefers-page.ts';
import type { WebContext } from '../../web-context.ts';
import { holdOfNew } from '../batches/hold-form.ts';
import { csrfOf, leadTo, sendPage } from '../shell/send-page.ts';
import { type KeptUpload, keepUploads } from './kept-uploads.ts';
import { planQuery } from './plan-section.ts';
import { checkedPage, NEW_BATCH, type PlanOnPage, uploadPage } from './upload-pages.ts';

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
  notify: z.string().trim().catch(''),
  however_many: z.coerce.number().int().optional().catch(undefined),
});

/** Milliseconds for which a page waits for a plan, before it says that it is being made. */
const PATIENCE_MS = 8_000;

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
      // Whoever looks at the page is told what was in the way.
      if (isPlannable(upload.checked)) upload.plan(actorOf(request)).catch(() => undefined);
      return await leadTo(reply, `${NEW_BATCH}/${id}`);
    },
  );

  app.get(`${NEW_BATCH}/:upload`, PAGES, async (request, reply) => {
    const { upload } = params.parse(request.params);
    const { id, upload: found } = orGone(kept.find(ownerOf(request), upload));
    const plan = await planWithin(PATIENCE_MS, found, actorOf(request));
    const shown = planQuery.parse(request.query);
    const planned: PlanOnPage = typeof plan === 'string' ? { state: plan } : { state: 'made', plan, shown };
    const page = checkedPage(id, found.checked, planned, csrfOf(request, reply));
    return await sendPage(request, reply, page);
  });

  app.post(`${NEW_BATCH}/:upload`, PAGES, async (request, reply) => {
    const { upload: id } = params.parse(request.params);
    const { name, reason, skip_invalid: skips, ...form } = confirmation.parse(request.body ?? {});
    const owner = ownerOf(request);
    const { upload: found } = orGone(kept.find(owner, id));
    if (found.checked.counts.invalid > 0 && skips === undefined) {
      throw new InputError(
        'invalid_rows',
        'there are bad rows, and you have not said that they are to be left out',
      );
    }
    const actor = actorOf(request);
    const { steering, maxFailures } = holdOfNew(request.body);
    const notify = form.notify === '' ? undefined : addressOf(form.notify);
    const { file } = found.checked;
    const naming = {
      ...{ name: name === '' ? file : name, reason, steering, notify },
      maxFailures: maxFailures ?? undefined,
    };
    const plan = isPlannable(found.checked) ? await found.plan(actor) : undefined;
    const howeverMany = form.however_many;
    if (plan?.guard !== undefined && plan.guard.number !== howeverMany) {
      throw new InputError('bad_value', `the number was not typed: ${guardSentence(plan.guard)}`);
    }
    const { upload } = orGone(kept.take(owner, id));
    const { batch } =
      plan === undefined
        ? await upload.submit({ ...naming, tries: DEFAULT_TRIES }, actor)
        : await upload.run(plan, { ...naming, howeverMany }, actor);
    return await leadTo(reply, batchPath(batch));
  });
}

/** The plan of an upload; else why there is none. */
async function planWithin(
  ms: number,
  upload: UploadOnDesk,
  actor: string,
): Promise<UploadPlan | 'none' | 'coming'> {
  if (!isPlannable(upload.checked)) return 'none';
  const over = new AbortController();
  try {
    const late = sleep(ms, 'coming' as const, { signal: over.signal });
    late.catch(() => undefined);
    return await Promise.race([upload.plan(actor), late]);
  } finally {
    over.abort();
  }
}

/** @throws InputError `bad_value` */
function addressOf(text: string): string {
  const address = notifyAddress(text);
  if (address !== undefined) return address;
  throw new InputError('bad_value', `the address that is told ${NOTIFY_ADDRESS}`);
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
