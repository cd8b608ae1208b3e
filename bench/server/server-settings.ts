import { credentialsOf } from '../ask.ts';

/** One setting of a CouchDB's configuration. */
export interface ServerSetting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** No building of indexes in the background. */
export const KEN_OFF: readonly ServerSetting[] = [
  { section: 'ken', key: 'batch_channels', value: '0' },
  { section: 'ken', key: 'incremental_channels', value: '0' },
];

/** Number of shards of new databases where nobody asks for another. */
export function shards(q: number): ServerSetting {
  return { section: 'cluster', key: 'q', value: String(q) };
}

/** Milliseconds for one request. */
const TIMEOUT_MS = 10_000;

/**
 * Changes settings of the node that answers, in its memory alone: a restart forgets them, should nobody put them back.
 * @returns puts back what was there, or takes away what was not
 * @throws when the server does not let them be read or written; what was changed until then is put back
 */
export async function changeSettings(
  couchUrl: string,
  settings: readonly ServerSetting[],
): Promise<() => Promise<void>> {
  const changed: { setting: ServerSetting; before: string | undefined }[] = [];
  const putBack = async (): Promise<void> => {
    const failed: string[] = [];
    for (const { setting, before } of changed.splice(0).reverse()) {
      await write(couchUrl, setting, before).catch((error: Error) => {
        const { section, key } = setting;
        failed.push(`[${section}] ${key} = ${before ?? 'unset'}: ${error.message}`);
      });
    }
    if (failed.length > 0) throw new Error(`settings of CouchDB were not put back: ${failed.join('; ')}`);
  };
  try {
    for (const setting of settings) {
      const before = await read(couchUrl, setting);
      // First, for a request that fails may have been carried out.
      changed.push({ setting, before });
      await write(couchUrl, setting, setting.value);
    }
  } catch (error) {
    await putBack();
    throw error;
  }
  return putBack;
}

/** @returns undefined where it is not set */
async function read(couchUrl: string, setting: ServerSetting): Promise<string | undefined> {
  const response = await ask(couchUrl, setting, 'GET');
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && typeof answer === 'string') return answer;
  // Other 404s say other things, such as that there is no such node.
  const isUnset =
    response.status === 404 &&
    JSON.stringify(answer) === '{"error":"not_found","reason":"unknown_config_value"}';
  if (isUnset) return undefined;
  throw refused(setting, response.status);
}

async function write(couchUrl: string, setting: ServerSetting, value: string | undefined): Promise<void> {
  const response = await ask(couchUrl, setting, value === undefined ? 'DELETE' : 'PUT', value);
  await response.arrayBuffer();
  const isGone = value === undefined && response.status === 404;
  if (!response.ok && !isGone) throw refused(setting, response.status);
  if ((await read(couchUrl, setting)) !== value) throw new Error('it has another value after it was written');
}

async function ask(
  couchUrl: string,
  { section, key }: ServerSetting,
  method: 'GET' | 'PUT' | 'DELETE',
  value?: string,
): Promise<Response> {
  const { origin, headers } = credentialsOf(couchUrl);
  return await fetch(`${origin}/_node/_local/_config/${section}/${key}`, {
    method,
    headers: { ...headers, 'x-couch-persist': 'false' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(value !== undefined && { body: JSON.stringify(value) }),
  });
}

function refused({ section, key }: ServerSetting, status: number): Error {
  return new Error(`CouchDB answered ${status} about its setting [${section}] ${key}`);
}
