import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import fastifyMultipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { clipped } from '../../../clipped.ts';
import { InputError } from '../../../errors.ts';
import type { RowFormat } from '../../../operations/input/row-format.ts';
import type { InputStream } from '../../../operations/input/spool.ts';
import { readableBytes } from '../../../operations/input/text-lines.ts';
import { oneLine } from '../../../safe-text.ts';

/** Media types of rows, and what they hold. */
const FORMATS: Readonly<Record<string, RowFormat>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
};

const MULTIPART = 'multipart/form-data';

/** Media types of uploads. */
export const UPLOAD_TYPES: readonly string[] = [...Object.keys(FORMATS), MULTIPART];

/** Bytes of an upload: some hundred thousand rows. */
export const MOST_UPLOAD_BYTES = 64_000_000;

/** Characters of a file's name that are shown. */
const LONGEST_NAME = 100;

/** The rows of a request, which are read while they come in. */
export interface UploadBody extends InputStream {
  /** Of all that was read, once it was read: SHA-256 in hexadecimal digits. */
  digest(): string;
}

/** Lets routes of `app` take uploads as streams, unread. */
export async function acceptUploads(app: FastifyInstance, mostBytes: number): Promise<void> {
  app.addContentTypeParser(Object.keys(FORMATS), async (_request: FastifyRequest, body: Readable) => body);
  // One byte more than may be tells a file that is too large from one that is just not.
  const limits = { fileSize: mostBytes + 1, files: 1, fields: 10, fieldSize: 1024, parts: 11 };
  await app.register(fastifyMultipart, { limits, throwFileSizeLimit: false });
}

/**
 * The rows that a request brings, as its body or as a file of a form.
 * @throws InputError `bad_request`, `too_large`, `empty_file`; while they are read `too_large`
 */
export async function uploadBody(request: FastifyRequest, mostBytes: number): Promise<UploadBody> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes + FORM_BYTES) throw tooLarge(mostBytes);
  const { name, format, source } = request.isMultipart() ? await fileOf(request) : rowsOf(request);
  const hash = createHash('sha256');
  let digest: string | undefined;

  async function* bytes(): AsyncGenerator<Uint8Array> {
    let size = 0;
    for await (const chunk of source) {
      if (!(chunk instanceof Uint8Array))
        throw new InputError('bad_request', 'The body is not a stream of bytes');
      size += chunk.length;
      if (size > mostBytes) throw tooLarge(mostBytes);
      hash.update(chunk);
      yield chunk;
    }
  }

  return {
    name,
    format,
    bytes: bytes(),
    digest() {
      digest ??= hash.digest('hex');
      return digest;
    },
  };
}

/** What a form takes beside its file. */
const FORM_BYTES = 64 * 1024;

interface Rows {
  readonly name: string;
  readonly format: RowFormat | undefined;
  readonly source: Readable;
}

function rowsOf({ headers, body }: FastifyRequest): Rows {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const format = FORMATS[type];
  if (format === undefined || !(body instanceof Readable)) {
    throw new InputError('bad_request', `The body must be of one of the types ${UPLOAD_TYPES.join(', ')}`);
  }
  return { name: `upload.${format}`, format, source: body };
}

/** The first file of a form; its fields are not read, for they may come after it. */
async function fileOf(request: FastifyRequest): Promise<Rows> {
  const part = await request.file();
  if (part === undefined) throw new InputError('bad_request', 'There is no file in the form');
  return { name: shownFileName(part.filename), format: undefined, source: part.file };
}

/** The name of a file as it is shown: a browser may send any text, with or without a path. */
export function shownFileName(written: string): string {
  const name = clipped(oneLine(basename(written.replaceAll('\\', '/'))), LONGEST_NAME).trim();
  return name === '' ? 'upload' : name;
}

/** What an upload is refused with that is larger than so many bytes. */
export function tooLarge(mostBytes: number): InputError {
  return new InputError(
    'too_large',
    `The upload is larger than ${readableBytes(mostBytes)}`,
    {},
    'Send it in several parts, or submit it with cozy-fleet instances add --from.',
  );
}
