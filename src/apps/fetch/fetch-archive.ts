import { rm } from 'node:fs/promises';
import { couchHost } from '../../config/urls.ts';
import type { FailureKind } from '../../errors.ts';
import { AppError } from '../errors.ts';
import { type AppHttp, type HttpAnswer, HttpFailure, reasonOf, statusFailure } from './http.ts';
import { saveStream } from './save-stream.ts';

export interface ArchiveToFetch {
  readonly url: string;
  /** For messages: slug and version, or the source. */
  readonly name: string;
  /** That its bytes must have, in lower-case hexadecimal; absent = any. */
  readonly sha256?: string | undefined;
}

export interface FetchOptions {
  readonly http: AppHttp;
  /** Most bytes. */
  readonly limit: number;
  /** Milliseconds that all of it may take: a server that sends byte after byte must not hold a job for good. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5 * 60_000;

/**
 * Fetches an archive into a new file, checking size and SHA-256 as it comes. Whatever goes wrong, no file is left.
 *
 * @returns its SHA-256, in lower-case hexadecimal
 * @throws {AppError} `app_unreachable`, `app_not_found`, `app_too_large` or `app_checksum`; what the operating
 *   system says about the file is thrown as it is
 */
export async function fetchArchive(
  { url, name, sha256 }: ArchiveToFetch,
  file: string,
  { http, limit, timeoutMs = TIMEOUT_MS }: FetchOptions,
  signal: AbortSignal,
): Promise<string> {
  const late = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, late]);
  const host = couchHost(url);
  try {
    const answer = await http.get({
      url,
      accept: 'application/gzip, application/octet-stream, */*',
      signal: either,
    });
    const found = await save(usable(answer, name, host), file, { name, limit, signal: either });
    if (sha256 === undefined || found === sha256) return found;
    await rm(file);
    throw differs(name, host);
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof AppError) throw thrown;
    if (late.aborted) throw unreachable(name, host, `not there within ${timeoutMs / 1000} s`, 'retry');
    if (thrown instanceof HttpFailure) throw unreachable(name, host, thrown.message, thrown.kind);
    throw thrown;
  }
}

function usable(answer: HttpAnswer, name: string, host: string): HttpAnswer {
  const { status, body } = answer;
  if (status === 200) return answer;
  body.destroy();
  if (status === 404 || status === 410) {
    throw new AppError(
      'app_not_found',
      `the code of ${name} is not on ${host}: ${status}`,
      'final',
      'Check where the application comes from.',
    );
  }
  throw statusFailure(status);
}

async function save(
  { length = 0, body }: HttpAnswer,
  file: string,
  { name, limit, signal }: { name: string; limit: number; signal: AbortSignal },
): Promise<string> {
  if (length > limit) {
    body.destroy();
    throw tooLarge(name, limit);
  }
  return await saveStream(received(body), file, { limit, tooLarge: () => tooLarge(name, limit) }, signal);
}

/** Marks errors of the network, which have the same codes as those of the disk. */
async function* received(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* body;
  } catch (thrown) {
    throw new HttpFailure(reasonOf(thrown), 'retry');
  }
}

function tooLarge(name: string, limit: number): AppError {
  return new AppError('app_too_large', `the archive of ${name} has more than ${limit} bytes`);
}

function differs(name: string, host: string): AppError {
  return new AppError(
    'app_checksum',
    `the archive of ${name} from ${host} does not have the SHA-256 that was announced`,
    'final',
    'Tell those who publish the application; it is not installed.',
  );
}

function unreachable(name: string, host: string, what: string, kind: FailureKind): AppError {
  return new AppError(
    'app_unreachable',
    `the code of ${name} on ${host}: ${what}`,
    kind,
    `Check that ${host} can be reached from the worker.`,
  );
}
