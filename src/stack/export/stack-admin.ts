import { createHash } from 'node:crypto';
import { Agent, type Dispatcher, request } from 'undici';
import * as z from 'zod';
import type { StackAdminConfig } from '../../config/config.ts';
import { errnoOf } from '../../errno.ts';
import { toError } from '../../errors.ts';
import { ExportError } from './export-error.ts';
import { safeReason } from './safe-reason.ts';

/** How long a stack may be silent, in milliseconds: before it sends a part it lists all files of the instance. */
const SILENCE_MS = 300_000;
const CONNECT_MS = 10_000;

/** Of an answer that is no archive, no more is read. */
const MOST_OF_ANSWER = 64 * 1024;

/** What was written of a part. */
export interface DownloadedPart {
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** Takes a piece of a part. */
export type Put = (piece: Buffer) => Promise<void>;

/** The routes of a running stack's admin port that make archives (`web/instances/move.go`). */
export interface StackAdmin {
  /**
   * Has the stack export an instance, without a mail to its owner. Sent once: after an error, it may have gone through.
   * @returns the id of its job, in the instance's own database of jobs
   */
  startExport(domain: string, signal: AbortSignal): Promise<string>;
  /**
   * Writes one part of an archive as it comes. That it is whole, or what the stack should have sent, is not known by that: a
   * stack that fails half-way ends a part as if it were all.
   * @param cursor as the document of the export names it; empty = the first part
   */
  downloadPart(
    part: { readonly domain: string; readonly exportId: string; readonly cursor: string },
    put: Put,
    signal: AbortSignal,
  ): Promise<DownloadedPart>;
  close(): Promise<void>;
}

/** A domain in a path: a stack takes it as it comes, so that its port must not be encoded. */
function inPath(domain: string): string {
  return encodeURIComponent(domain).replaceAll('%3A', ':');
}

const job = z.object({ _id: z.string().min(1), worker: z.literal('export'), domain: z.string() });

/** @param silenceMs how long the stack may be silent, where that is to be other than usual */
export function createStackAdmin({ url, passphrase }: StackAdminConfig, silenceMs = SILENCE_MS): StackAdmin {
  const { host } = new URL(url);
  const agent = new Agent({
    connect: { timeout: CONNECT_MS },
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
  });
  const authorization = `Basic ${Buffer.from(`:${passphrase}`).toString('base64')}`;

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    try {
      return await request(`${url}${path}?${new URLSearchParams(query).toString()}`, {
        method,
        headers: { authorization },
        dispatcher: agent,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw silent(host, error);
    }
  }

  return {
    async startExport(domain, signal) {
      const path = `/instances/${inPath(domain)}/export`;
      const response = await ask('POST', path, { 'admin-req': 'true' }, signal);
      const text = await shortText(host, response, signal);
      if (response.statusCode !== 202) throw refusal(host, response.statusCode, text);
      const answer = job.safeParse(jsonOf(text));
      if (!answer.success || answer.data.domain !== domain) throw foreign(host, response);
      return answer.data._id;
    },

    async downloadPart({ domain, exportId, cursor }, put, signal) {
      const path = `/instances/${inPath(domain)}/exports/${encodeURIComponent(exportId)}/data`;
      const response = await ask('GET', path, { cursor }, signal);
      const { statusCode, headers, body } = response;
      if (statusCode !== 200) throw refusal(host, statusCode, await shortText(host, response, signal));
      if (headers['content-type'] !== 'application/zip') {
        await body.dump().catch(() => undefined);
        throw foreign(host, response);
      }
      const sum = createHash('sha256');
      let bytes = 0;
      for await (const piece of pieces(host, body, signal)) {
        sum.update(piece);
        await put(piece);
        bytes += piece.length;
      }
      return { bytes, sha256: sum.digest('hex') };
    },

    close: () => agent.close(),
  };
}

/** What comes of a body. @throws ExportError `stack_admin`, or the signal's reason */
async function* pieces(
  host: string,
  body: Dispatcher.ResponseData['body'],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const iterator = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        signal.throwIfAborted();
        throw silent(host, error);
      });
      if (next.done === true) return;
      yield Buffer.from(next.value);
    }
  } finally {
    body.destroy();
  }
}

async function shortText(
  host: string,
  { body }: Dispatcher.ResponseData,
  signal: AbortSignal,
): Promise<string> {
  let text = '';
  for await (const piece of pieces(host, body, signal)) {
    text += piece.toString('utf8');
    if (text.length > MOST_OF_ANSWER) return '';
  }
  return text;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function silent(host: string, error: unknown): ExportError {
  const code = errnoOf(error) ?? toError(error).name;
  return new ExportError(
    'stack_admin',
    `the admin port of the stack at ${host} did not answer to the end: ${String(code)}`,
    'Check that the stack runs and that fleet.admin_upstream points to its admin port.',
    'retry',
  );
}

function foreign(host: string, { statusCode, headers }: Dispatcher.ResponseData): ExportError {
  const type = headers['content-type'] ?? 'no type';
  return new ExportError(
    'stack_admin',
    `${host} answered ${statusCode} with ${safeReason(String(type))} instead of what a stack sends`,
    'Something between here and the stack may have answered in its place: check fleet.admin_upstream.',
    'retry',
  );
}

/** @param text of the answer, in the words of the stack or of whoever stands in its place */
function refusal(host: string, status: number, text: string): ExportError {
  if (status === 401 || status === 403) {
    return new ExportError(
      'stack_admin_refused',
      `the admin port of the stack at ${host} does not let us in: ${status}`,
      'Correct fleet.admin_passphrase, or COZY_FLEET_ADMIN_PASSPHRASE, of that worker. It goes on then, or with another worker; no try is spent.',
      'outage',
    );
  }
  const kind = status >= 500 || status === 429 ? 'retry' : 'final';
  return new ExportError(
    'stack_admin',
    `the stack at ${host} answered ${status}: ${safeReason(text)}`,
    'Check that it is a stack of this platform: fleet.admin_upstream.',
    kind,
  );
}
