const BASIC = /^basic +(?<encoded>[A-Za-z0-9+/_-]+={0,2})$/i;

/** User and password of an `Authorization` header of the kind Basic; undefined for any other. */
export function basicCredentials(
  header: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  const { encoded } = BASIC.exec(header ?? '')?.groups ?? {};
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const at = text.indexOf(':');
  return at < 0 ? undefined : { user: text.slice(0, at), password: text.slice(at + 1) };
}
