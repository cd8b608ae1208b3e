import type { RagServer } from '../config/config.ts';
import { toError } from '../errors.ts';
import { signalWithin } from '../signal-within.ts';
import { RagAway } from './errors.ts';

/** How long the server may take: it may have many files to delete. */
const TIMEOUT_MS = 60_000;

/**
 * The RAG server of a context, else that of `default`; undefined = none. A context that is configured
 * without one has none (stack: `model/instance`, `RAGServer`).
 */
export function ragServerOf(
  configured: Readonly<Record<string, RagServer>>,
  context: string | undefined,
): RagServer | undefined {
  const name = context !== undefined && Object.hasOwn(configured, context) ? context : 'default';
  return Object.hasOwn(configured, name) ? configured[name] : undefined;
}

/**
 * Has the RAG server delete what it knows of an instance (`docs/cozy-data.md` §6.4). As in the stack, any
 * answer below 500 is enough, for there may have been nothing to delete.
 *
 * @returns the HTTP status, or undefined where no server is configured
 * @throws RagAway for 500 and above, or without an answer within `timeoutMs` milliseconds
 */
export async function deleteFromRag(
  configured: Readonly<Record<string, RagServer>>,
  { domain, context }: { readonly domain: string; readonly context?: string | undefined },
  signal: AbortSignal,
  timeoutMs = TIMEOUT_MS,
): Promise<number | undefined> {
  const { url, token } = ragServerOf(configured, context) ?? {};
  // No instance has a name that leads to the directory above.
  if (url === undefined || domain === '.' || domain === '..') return undefined;
  const target = new URL(url);
  // As in the stack, the path of the URL is replaced, and the key has precedence over a user in the URL.
  // The domain in a document may hold any text, and must not lead to another path.
  target.pathname = `/instances/${domain.replace(/[/\\%]/g, encodeURIComponent)}`;
  target.username = '';
  target.password = '';
  const status = await deletion(target, token, signalWithin(timeoutMs, signal)).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new RagAway(target.host, reasonOf(error));
  });
  if (status >= 500) throw new RagAway(target.host, `it answered ${status}`);
  return status;
}

async function deletion(target: URL, token: string | undefined, signal: AbortSignal): Promise<number> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(target, { method: 'DELETE', headers, signal });
  await response.arrayBuffer();
  return response.status;
}

/** The code of the socket's error, such as ECONNREFUSED; never a text, which may hold the URL. */
function reasonOf(error: unknown): string {
  const { cause, name } = toError(error);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : name;
}
