import { AppError } from '../../apps/errors.ts';
import { appHosts } from '../../apps/fetch/app-hosts.ts';
import { createAppHttp, HttpFailure } from '../../apps/fetch/http.ts';
import type { Config } from '../../config/config.ts';
import { redactUrl } from '../../config/urls.ts';
import { signalWithin } from '../../signal-within.ts';
import { type Finding, findingsOf } from './finding.ts';

const found = findingsOf('registries');

/** How long a registry may take to answer, in milliseconds. */
const ANSWER_MS = 5_000;

/** Asks each registry once whether it is there; none of them is needed but for applications. */
export async function checkRegistries(
  { registries, fleet }: Config,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Finding[]> {
  const contexts = new Map<string, string[]>();
  for (const [context, urls] of Object.entries(registries)) {
    for (const url of urls) contexts.set(url, [...(contexts.get(url) ?? []), context]);
  }
  if (contexts.size === 0) {
    return [found.ok('registry', 'none is configured: applications have to come from elsewhere')];
  }
  const http = createAppHttp(appHosts([...contexts.keys()], fleet.appHosts), ANSWER_MS, env);
  try {
    return await Promise.all(
      [...contexts].map(async ([url, names]) => {
        const of = names.length > 3 ? `${names.slice(0, 3).join(', ')}, ...` : names.join(', ');
        const registry = `${redactUrl(url)} (${of})`;
        try {
          const ends = signalWithin(ANSWER_MS, signal);
          const { status, body } = await http.get({
            url: listOf(url),
            accept: 'application/json',
            signal: ends,
          });
          body.destroy();
          return judgeStatus(registry, status);
        } catch (thrown) {
          return judgeFailure(registry, thrown);
        }
      }),
    );
  } finally {
    await http.close();
  }
}

/** Where a registry lists its applications: one of them will do. */
function listOf(registry: string): string {
  const url = new URL('registry', registry.endsWith('/') ? registry : `${registry}/`);
  url.searchParams.set('limit', '1');
  return url.href;
}

export function judgeStatus(registry: string, status: number): Finding {
  if (status < 400) return found.ok('registry', `${registry} answers`);
  if (status === 401 || status === 403) {
    return found.warn(
      'registry',
      `${registry} does not let us in (${status})`,
      'Check user and password of its URL in `registries`.',
    );
  }
  const advice =
    'Check its URL in `registries`, and whether it is well: applications cannot be installed from it until then.';
  return found.warn('registry', `${registry} answers ${status} where it lists its applications`, advice);
}

function judgeFailure(registry: string, thrown: unknown): Finding {
  if (thrown instanceof AppError)
    return found.warn('registry', `${registry}: ${thrown.message}`, thrown.advice);
  const why = thrown instanceof HttpFailure ? thrown.message : 'no answer in time';
  const advice =
    'Check its URL in `registries`, the network, and HTTPS_PROXY: instances are made all the same, and get its applications later.';
  return found.warn('registry', `${registry} does not answer (${why})`, advice);
}
