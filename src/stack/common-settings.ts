import * as z from 'zod';
import type { CommonSettings } from '../config/config.ts';
import { lowerCaseRunes } from '../instances/domains/domain.ts';
import { cozyUrl, type Scheme } from '../instances/domains/registration-link.ts';
import { ofContext } from './of-context.ts';
import { answerOf, NotTold, send } from './told-service.ts';

/** The stack's own default where an instance has no time zone (`docs/cozy-data.md` §6.1). */
const DEFAULT_TIMEZONE = 'Europe/Paris';

const PATH = '/api/admin/user/settings';

/** Whom the service is told of. */
export interface ToldPerson {
  readonly domain: string;
  readonly locale: string;
  /** Its settings document, of which others may have written any value. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a request says (`docs/cozy-data.md` §6.1). */
export interface CommonSettingsBody {
  readonly source: 'cozy-stack';
  readonly nickname: string;
  readonly request_id: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly version: number;
  /** Without what is empty. */
  readonly payload: Readonly<Record<string, string>>;
}

/** What the service has of an instance, as far as it is looked at. */
const remoteSettings = z.object({
  version: z.int().default(0),
  payload: z.record(z.string(), z.unknown()).default({}),
});

export type RemoteSettings = z.infer<typeof remoteSettings>;

/** The external settings service of an instance's context, else of `default`; undefined = none. */
export function commonSettingsOf(
  configured: Readonly<Record<string, CommonSettings>>,
  context: string | undefined,
): CommonSettings | undefined {
  const service = ofContext(configured, context);
  return service?.url ? service : undefined;
}

/**
 * The first thing that the service is told of an instance, which has the address of its avatar as well.
 * @param now milliseconds since 1970
 */
export function firstBody(person: ToldPerson, scheme: Scheme, now: number): CommonSettingsBody {
  const body = changedBody(person, 1, now);
  const avatar = `${cozyUrl(scheme, person.domain)}/public/avatar?v=1`;
  return { ...body, payload: { ...body.payload, avatar } };
}

/**
 * What the service is told of an instance that it knows.
 * @param now milliseconds since 1970
 */
export function changedBody(
  { domain, locale, settings }: ToldPerson,
  version: number,
  now: number,
): CommonSettingsBody {
  const [nickname = '', ...rest] = domain.split('.');
  const email = textOf(settings['email']);
  const publicName = textOf(settings['public_name']);
  const names = publicName.split(' ');
  const payload = {
    language: locale,
    timezone: typeof settings['tz'] === 'string' ? settings['tz'] : DEFAULT_TIMEZONE,
    // As the stack: of one name both are the same, and of several those in between are in neither.
    last_name: names.at(-1) ?? '',
    first_name: names[0] ?? '',
    email,
    phone: textOf(settings['phone']),
    matrix_id: rest.length === 0 ? '' : `@${matrixName(email) || nickname}:${rest.join('.')}`,
    display_name: publicName,
  };
  return {
    source: 'cozy-stack',
    nickname,
    request_id: `${domain}_${now * 1_000_000}`,
    timestamp: now,
    version,
    payload: Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== '')),
  };
}

/**
 * Tells the service of an instance that it does not know. Where it refuses, it may know just this from an earlier try, which
 * ended before the version was noted: then it is told, for without the version no stack would ever tell of it again.
 * @throws NotTold
 */
export async function postCommonSettings(
  service: CommonSettings,
  body: CommonSettingsBody,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await sendBody(service, 'POST', PATH, body, signal);
  } catch (error) {
    if (!(error instanceof NotTold) || error.status === undefined) throw error;
    if (!(await hasAlready(service, body, signal))) throw error;
  }
}

async function hasAlready(
  service: CommonSettings,
  body: CommonSettingsBody,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    return isSameVersion(await getCommonSettings(service, body.nickname, signal), body);
  } catch (error) {
    if (error instanceof NotTold) return false;
    throw error;
  }
}

/** Whether the service has just what a body says, in the version that it would be then: an earlier try has told it. */
export function isSameVersion({ version, payload }: RemoteSettings, body: CommonSettingsBody): boolean {
  if (version !== body.version) return false;
  return Object.entries(body.payload).every(([key, value]) => payload[key] === value);
}

/** Tells the service of an instance that it knows. @throws NotTold */
export async function putCommonSettings(
  service: CommonSettings,
  body: CommonSettingsBody,
  signal: AbortSignal | undefined,
): Promise<void> {
  await sendBody(service, 'PUT', pathOf(body.nickname), body, signal);
}

/** What the service has. @throws NotTold, where it has nothing as well */
export async function getCommonSettings(
  service: CommonSettings,
  nickname: string,
  signal: AbortSignal | undefined,
): Promise<RemoteSettings> {
  const response = await send(urlOf(service, pathOf(nickname)), { token: service.token }, signal);
  refuseUnless200(response.status);
  const parsed = remoteSettings.safeParse(answerOf(response));
  if (!parsed.success) throw new NotTold('its answer is none that is known', { status: response.status });
  return parsed.data;
}

async function sendBody(
  service: CommonSettings,
  method: 'POST' | 'PUT',
  path: string,
  body: CommonSettingsBody,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { status } = await send(
    urlOf(service, path),
    { method, token: service.token, body: JSON.stringify(body) },
    signal,
  );
  refuseUnless200(status);
}

/** As the stack, which takes no other status for success. */
function refuseUnless200(status: number): void {
  if (status !== 200) throw new NotTold(`it answered ${status}`, { status });
}

function pathOf(nickname: string): string {
  return `${PATH}/${nickname.replace(/[/\\%?#]/g, encodeURIComponent)}`;
}

/** As in the stack, the path of the URL is replaced. */
function urlOf({ url }: CommonSettings, path: string): URL {
  const target = new URL(url);
  target.pathname = path;
  return target;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The local part of an address, in lower case; empty where there is none. */
function matrixName(email: string): string {
  return lowerCaseRunes(email.slice(0, Math.max(email.indexOf('@'), 0)));
}
