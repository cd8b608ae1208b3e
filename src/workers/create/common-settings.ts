import type { CommonSettings } from '../../config/config.ts';
import { lowerCaseRunes } from '../../instances/domains/domain.ts';
import { cozyUrl, type Scheme } from '../../instances/domains/registration-link.ts';
import type { InstanceOptions } from '../../instances/options/options.ts';
import { signalWithin } from '../../signal-within.ts';

/** A service that does not answer must not hold up a creation, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** The stack's own default where an instance has no time zone (`docs/cozy-data.md` §6.1). */
const DEFAULT_TIMEZONE = 'Europe/Paris';

/** The external settings service of an instance's context, else of `default`; undefined = none. */
export function commonSettingsOf(
  configured: Readonly<Record<string, CommonSettings>>,
  context: string | undefined,
): CommonSettings | undefined {
  const name = context !== undefined && Object.hasOwn(configured, context) ? context : 'default';
  return Object.hasOwn(configured, name) ? configured[name] : undefined;
}

/** Body of the request that tells the service of a new instance (`docs/cozy-data.md` §6.1). */
export function commonSettingsBody(options: InstanceOptions, scheme: Scheme, now: number): object {
  const { domain, locale, settings } = options;
  const [nickname = '', ...rest] = domain.split('.');
  const publicName = settings['public_name'] ?? '';
  const names = publicName.split(' ');
  const payload = {
    language: locale,
    timezone: settings['tz'] ?? DEFAULT_TIMEZONE,
    // As the stack: of one name both are the same, and of several those in between are in neither.
    first_name: names[0] ?? '',
    last_name: names.at(-1) ?? '',
    email: settings['email'] ?? '',
    phone: settings['phone'] ?? '',
    matrix_id: rest.length === 0 ? '' : `@${matrixName(settings['email']) || nickname}:${rest.join('.')}`,
    display_name: publicName,
    avatar: `${cozyUrl(scheme, domain)}/public/avatar?v=1`,
  };
  return {
    source: 'cozy-stack',
    nickname,
    request_id: `${domain}_${now * 1_000_000}`,
    timestamp: now,
    version: 1,
    payload: Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== '')),
  };
}

/** The local part of an address, in lower case; empty where there is none. */
function matrixName(email = ''): string {
  return lowerCaseRunes(email.slice(0, Math.max(email.indexOf('@'), 0)));
}

/** @returns undefined when the service took it, else why not; without the token */
export async function postCommonSettings(
  { url, token }: CommonSettings,
  body: object,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/api/admin/user/settings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: signalWithin(TIMEOUT_MS, signal),
    });
    await response.arrayBuffer();
    return response.status === 200 ? undefined : `it answered ${response.status}`;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.name : 'it did not answer';
  }
}
