import type { Cloudery } from '../config/config.ts';
import { ofContext } from './of-context.ts';
import { NotTold, send } from './told-service.ts';

/** What a Cloudery keeps of an instance. */
export interface ClouderyInstance {
  readonly uuid: string;
  readonly locale: string;
  readonly email: string;
  readonly publicName: string;
}

/** The Cloudery of an instance's context, else of `default`; undefined = none. */
export function clouderyOf(
  configured: Readonly<Record<string, Cloudery>>,
  context: string | undefined,
): Required<Cloudery> | undefined {
  const { url, token } = ofContext(configured, context) ?? {};
  return url && token ? { url, token } : undefined;
}

/**
 * Tells a Cloudery that the settings of an instance have changed, by the stack's own request (`docs/cozy-data.md` §6.3). A
 * redirect is no success.
 * @throws NotTold
 */
export async function putInCloudery(
  { url, token }: Required<Cloudery>,
  { uuid, locale, email, publicName }: ClouderyInstance,
  signal: AbortSignal | undefined,
): Promise<void> {
  // The path of the URL is kept, unlike that of common settings.
  const target = new URL(`${url}/api/v1/instances/${encodeURIComponent(uuid)}?source=stack`);
  const body = JSON.stringify({ email, locale, public_name: publicName });
  const { status } = await send(target, { method: 'PUT', token, body }, signal);
  if (status < 200 || status > 299) throw new NotTold(`it answered ${status}`, { status });
}
