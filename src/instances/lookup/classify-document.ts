import * as z from 'zod';
import type { StoredDocument } from '../../couchdb/documents.ts';
import type { InstanceFields, StoredInstance } from '../documents/instance-document.ts';
import { Refusal } from '../errors.ts';
import { fieldName } from './readings.ts';

/** A document of `global/instances` with a field of the wrong type, so that its meaning is not known. */
export interface Unreadable {
  readonly _id: string;
  /** The first field that is wrong, with its place in a list: `domain_aliases[1]`. */
  readonly field: string;
  /** What is wrong with it, for a sentence: "is not a text"; never its value, which may be a secret. */
  readonly problem: string;
  /** Empty where it has none that can be read. */
  readonly domain: string;
}

/** A document of `global/instances`, as far as it can be read. */
export type ReadResult =
  | { readonly readable: true; readonly instance: StoredInstance }
  | { readonly readable: false; readonly unreadable: Unreadable };

/** Called with each document that is passed over because it cannot be read. */
export type OnUnreadable = (unreadable: Unreadable) => void;

const text = z.string({ error: 'is not a text' });
/** Names only the first that is wrong: there may be millions. */
const texts = z.unknown().superRefine((value, context) => {
  if (!Array.isArray(value)) {
    context.addIssue({ code: 'custom', message: 'is not a list of texts' });
    return;
  }
  const at = value.findIndex((each) => typeof each !== 'string');
  if (at >= 0) context.addIssue({ code: 'custom', message: 'is not a text', path: [at] });
});
const bool = z.boolean({ error: 'is neither true nor false' });
const whole = z.int({ error: 'is not a whole number' });

/** The fields of an instance by their types in the stack (`docs/cozy-data.md` §2.1). */
const fields: { readonly [Field in Exclude<keyof InstanceFields, '_id' | '_rev'>]-?: z.ZodType } = {
  domain: text.min(1, 'is empty'),
  domain_aliases: texts,
  org_domain: text,
  org_id: text,
  old_domain: text,
  prefix: text,
  locale: text,
  uuid: text,
  oidc_id: text,
  franceconnect_id: text,
  context: text,
  sponsorships: texts,
  feature_sets: texts,
  feature_flags: z.custom((value) => typeof value === 'object' && !Array.isArray(value), 'is not an object'),
  tos: text,
  tos_latest: text,
  auth_mode: whole,
  magic_link: bool,
  deleting: bool,
  moved: bool,
  blocked: bool,
  blocking_reason: text,
  no_auto_update: bool,
  onboarding_finished: bool,
  password_defined: bool,
  disk_quota: text,
  indexes_version: whole,
  common_settings_version: whole,
  swift_cluster: whole,
  fs_scheme: text,
  couch_cluster: whole.min(0, 'is below 0'),
  passphrase_hash: text,
  passphrase_reset_token: text,
  passphrase_reset_time: text,
  register_token: text,
  session_secret: text,
  oauth_secret: text,
  cli_secret: text,
  last_activity_from_deleted_oauth_clients: text,
};

const types: ReadonlyMap<string, z.ZodType> = new Map(Object.entries(fields));

interface Fault {
  readonly field: string;
  readonly problem: string;
}

/**
 * Whether a document can be read, and if not, why. It is the one place that takes a document for an instance. As
 * in Go, null is absent: such a field is left out. A stack takes a field by any case of its name, too; which of two
 * it would take is not known here, so that such a document counts as one that cannot be read.
 */
export function classifyDocument(document: StoredDocument): ReadResult {
  // Neither has `omitempty` in the stack: what lacks them gets them when a stack writes it the next time.
  const filled: StoredDocument = { locale: '', password_defined: null, ...withoutNulls(document) };
  if (isInstance(filled)) return { readable: true, instance: filled };
  const { field, problem } = faultOf(filled) ?? { field: '', problem: '' };
  const { _id, domain } = filled;
  return {
    readable: false,
    unreadable: { _id, field, problem, domain: typeof domain === 'string' ? domain : '' },
  };
}

/** The instance, where the document can be read. @throws Refusal `unreadable` */
export function requireReadable(result: ReadResult): StoredInstance {
  if (result.readable) return result.instance;
  throw refusalOf(result.unreadable);
}

/** Why nothing is done to, or beside, a document that cannot be read. */
export function refusalOf(unreadable: Unreadable): Refusal {
  return new Refusal(
    'unreadable',
    `the ${describeUnreadable(unreadable)}`,
    `Nothing was touched. Correct ${unreadable.field} in the document, with CouchDB's own means, and try again.`,
  );
}

/** The document and what is wrong with it, for a sentence. */
export function describeUnreadable({ _id, field, problem }: Unreadable): string {
  return `document ${_id} of global/instances cannot be read: ${field} ${problem}`;
}

function isInstance(document: StoredDocument): document is StoredInstance {
  return faultOf(document) === undefined;
}

function faultOf(document: StoredDocument): Fault | undefined {
  if (document['domain'] === undefined) return { field: 'domain', problem: 'is missing' };
  for (const [field, value] of Object.entries(document)) {
    const type = types.get(field);
    if (type === undefined) {
      const known = knownBy(field);
      if (known !== undefined)
        return { field, problem: `stands for ${known}, whose name is in another case` };
      continue;
    }
    if (field === 'password_defined' && value === null) continue;
    const issue = type.safeParse(value).error?.issues[0];
    if (issue !== undefined) return { field: placeOf(field, issue.path), problem: issue.message };
  }
  return undefined;
}

/** The field that a stack would take this one for. */
function knownBy(field: string): string | undefined {
  const known = fieldName(field);
  return known !== field && types.has(known) ? known : undefined;
}

function placeOf(field: string, path: readonly PropertyKey[]): string {
  return [field, ...path.map((at) => `[${String(at)}]`)].join('');
}

function withoutNulls(document: StoredDocument): StoredDocument {
  const isNull = (field: string) => document[field] === null && types.has(field);
  if (!Object.keys(document).some(isNull)) return document;
  const kept: Record<string, unknown> & StoredDocument = { ...document };
  for (const field of Object.keys(document)) if (isNull(field)) delete kept[field];
  return kept;
}
