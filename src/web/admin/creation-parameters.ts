import { InputError } from '../../errors.ts';
import type { InstanceFlag, RawOptions } from '../../instances/options/flags.ts';
import {
  InvalidOptions,
  type ParsedOptions,
  type ParsingRules,
  parseInstanceOptions,
} from '../../instances/options/parse-options.ts';
import type { OptionProblem } from '../../instances/options/row-reader.ts';
import {
  type HashedPassphrase,
  parseIterations,
  parseVaultKey,
} from '../../instances/vault/hashed-passphrase.ts';
import { AnswerError, plainError, stackError, unreadableParameter } from './messages/error-json.ts';
import { lenientLocale } from './messages/lenient-locale.ts';
import type { Query } from './messages/query.ts';

/** Parameters of a creation (`docs/admin-api.md` §2.4) and the flag of the same meaning. Others are passed over. */
const PARAMETERS: ReadonlyMap<string, InstanceFlag> = new Map<string, InstanceFlag>([
  ['Domain', 'domain'],
  ['DomainAliases', 'domain-aliases'],
  ['OrgDomain', 'org-domain'],
  ['OrgID', 'org-id'],
  ['OldDomain', 'old-domain'],
  ['UUID', 'uuid'],
  ['OIDCID', 'oidc_id'],
  ['FranceConnectID', 'franceconnect_id'],
  ['TOSSigned', 'tos'],
  ['TOSLatest', 'tos-latest'],
  ['Timezone', 'tz'],
  ['ContextName', 'context-name'],
  ['Email', 'email'],
  ['PublicName', 'public-name'],
  ['Phone', 'phone'],
  ['Settings', 'settings'],
  ['AuthMode', 'auth-mode'],
  ['Passphrase', 'passphrase'],
  ['Apps', 'apps'],
  // The stack's own command writes this one as all others, which a stack passes over.
  ['Sponsorships', 'sponsorships'],
  ['sponsorships', 'sponsorships'],
  ['feature_sets', 'feature-sets'],
  ['AutoUpdate', 'auto-update'],
  ['MagicLink', 'magic_link'],
  ['CouchCluster', 'couch-cluster'],
]);

/** What a request asks for. */
export interface RequestedInstance {
  /** With the passphrase as it was sent. */
  readonly parsed: ParsedOptions;
  /** Where the passphrase came as a browser sends it. */
  readonly hashed: HashedPassphrase | undefined;
}

/**
 * Reads the parameters of a creation as leniently as a stack does: contexts that are not configured, any locale,
 * members of an organization without an address. What would break data is refused.
 * @throws AnswerError that names the first parameter that is wrong, in the stack's words where it has some
 */
export function readCreation(query: Query, rules: ParsingRules): RequestedInstance {
  const raw: Record<string, string> = {};
  for (const [parameter, flag] of PARAMETERS) {
    const value = query.get(parameter);
    if (value !== undefined) raw[flag] = value;
  }
  const iterations = of('KdfIterations', query, parseIterations);
  const locale = lenientLocale(query.get('Locale'));
  const quota = of('DiskQuota', query, parseBytes);
  const options = {
    ...raw,
    ...(locale !== undefined && { locale }),
    ...(quota !== undefined && { 'disk-quota': quota }),
  };
  const { contexts: _, ...known } = rules;
  const parsed = parse(options, { ...known, incompleteMembers: true });
  return { parsed, hashed: hashedOf(query, parsed, iterations) };
}

function parse(raw: RawOptions, rules: ParsingRules): ParsedOptions {
  try {
    return parseInstanceOptions(raw, rules);
  } catch (error) {
    throw error instanceof InvalidOptions ? refusalOf(error) : error;
  }
}

function refusalOf({ problems, message }: InvalidOptions): AnswerError {
  const [first] = problems;
  return first === undefined ? plainError(400, message) : answerTo(first);
}

function answerTo({ column, message }: OptionProblem): AnswerError {
  switch (column) {
    case 'domain-aliases':
      if (message.startsWith('Instance already exists')) return plainError(409, 'Instance already exists');
      return illegalDomain();
    case 'domain':
      return illegalDomain();
    case 'tos':
    case 'tos-latest':
      return plainError(400, 'Bad format for TOS version');
    default:
      return unreadableParameter(parameterOf(column), message);
  }
}

function illegalDomain(): AnswerError {
  return new AnswerError(stackError(new InputError('illegal_domain', '')));
}

function parameterOf(column: string): string {
  for (const [parameter, flag] of PARAMETERS) if (flag === column) return parameter;
  return column === 'disk-quota' ? 'DiskQuota' : column;
}

/** Reads one parameter. @throws AnswerError that names it */
function of<T>(parameter: string, query: Query, parse: (text: string) => T): T | undefined {
  const text = query.get(parameter);
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof InputError ? unreadableParameter(parameter, error.message) : error;
  }
}

const BYTES = /^[+-]?\d{1,19}$/;

/** A stack counts in bytes alone; 0 is none, and what is below has no limit either. */
function parseBytes(text: string): string | undefined {
  if (!BYTES.test(text)) throw new InputError('bad_value', 'it is not a number of bytes');
  return Number(text) > 0 ? text.replace('+', '') : undefined;
}

/** Without one of the two the passphrase is in clear text. */
function hashedOf(
  query: Query,
  { passphrase }: ParsedOptions,
  iterations: number | undefined,
): HashedPassphrase | undefined {
  if (passphrase === undefined || iterations === undefined) return undefined;
  const key = of('Key', query, parseVaultKey);
  return key === undefined ? undefined : { hashed: passphrase, key, iterations };
}
