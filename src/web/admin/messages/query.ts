import { InputError } from '../../../errors.ts';
import { parseGoBool } from '../../../instances/options/option-values.ts';

/** Parameters of a request by their names as written, decoded; none of them empty. */
export type Query = ReadonlyMap<string, string>;

/** No client sends half as many. */
const MOST_PARAMETERS = 200;

/**
 * The parameters in a request's address. Of a repeated one the first counts, and an empty one is the same as none:
 * so a stack reads them (`docs/admin-api.md` §2.5).
 * @param url path and query, as the request line has it
 * @throws InputError `bad_request` for escapes that are none, and for what is no UTF-8; it quotes nothing
 */
export function readQuery(url: string): Query {
  const at = url.indexOf('?');
  if (at < 0) return new Map();
  const parts = url
    .slice(at + 1)
    .split('&')
    .filter((part) => part !== '');
  if (parts.length > MOST_PARAMETERS) throw new InputError('bad_request', 'There are too many parameters');
  const first = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    if (!first.has(name)) first.set(name, equals < 0 ? '' : decode(part.slice(equals + 1)));
  }
  return new Map([...first].filter(([, value]) => value !== ''));
}

/** The items of a list as a stack takes them apart: at each comma, with blanks around an item being nobody's. */
export function listOf(query: Query, name: string): readonly string[] | undefined {
  return query
    .get(name)
    ?.split(',')
    .map((item) => item.trim());
}

/** A boolean as Go reads it; what is none is the same as none, as in a change by a stack. */
export function booleanOf(query: Query, name: string): boolean | undefined {
  const text = query.get(name);
  return text === undefined ? undefined : parseGoBool(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new InputError('bad_request', 'The parameters are not percent-encoded UTF-8');
  }
}
