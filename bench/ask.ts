/** What `fetch` needs of a URL with credentials, which it refuses. */
export function credentialsOf(url: string): { origin: string; headers: { authorization: string } } {
  const { origin, username, password } = new URL(url);
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { origin, headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } };
}

/** A field of a JSON answer, or undefined where there is none. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}
