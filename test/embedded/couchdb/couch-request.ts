import type { TestCouch } from '../../support/servers.ts';

/** Sends one JSON request to the server and answers its status and body. */
export async function request(
  couch: Pick<TestCouch, 'origin' | 'authorization'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${couch.origin}/${path}`, {
    method,
    headers: { authorization: couch.authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** The header of Basic authentication. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
