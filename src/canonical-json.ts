/** JSON with sorted keys, without spaces and without members that are undefined: equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  return isObject(value) ? objectText(value) : (JSON.stringify(value) ?? 'null');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function objectText(object: Readonly<Record<string, unknown>>): string {
  let members = '';
  // Ordered by code units, as `sort` does it.
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member === undefined) continue;
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}
