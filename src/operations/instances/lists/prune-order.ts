import * as z from 'zod';
import { InputError } from '../../../errors.ts';
import {
  type DocumentFilter,
  documentPart,
  instanceFilter,
  isEmptyFilter,
} from '../../../instances/lookup/instance-filter.ts';
import { count } from '../../../quantity-text.ts';
import { type ListFilter, listFilterOf } from '../../input/list-end.ts';
import type { CheckedList, ListProof } from './open-list.ts';
import type { PruneOrder } from './plan-list.ts';

/** How somebody wants instances pruned. */
export interface PruneWish {
  readonly scope: DocumentFilter;
  /** Of what moment the list is, as somebody has said, in milliseconds since 1970. */
  readonly listTime: number | undefined;
  readonly skipAccounts: boolean;
}

/** Parts of a filter by which what is pruned may be limited. */
const SCOPES: ReadonlyMap<string, 'context' | 'orgId' | 'orgDomain' | 'domain'> = new Map([
  ['context', 'context'],
  ['org-id', 'orgId'],
  ['org-domain', 'orgDomain'],
  ['domain', 'domain'],
]);

/**
 * Reads what may be pruned: `context=school`, `org-id=acme`, `domain=*.school.org`; of several all have to be met.
 * @throws InputError `bad_scope`
 */
export function parseScope(texts: readonly string[]): DocumentFilter {
  const parts: Record<string, string> = {};
  for (const text of texts) {
    const [, name = '', value = ''] = /^([a-z-]{1,20})=(.*)$/s.exec(text) ?? [];
    const field = SCOPES.get(name);
    if (field === undefined || value === '') {
      throw badScope(
        `${JSON.stringify(text)} is none of ${[...SCOPES.keys()].map((each) => `${each}=…`).join(', ')}`,
      );
    }
    if (parts[field] !== undefined) throw badScope(`${name} is given twice`);
    parts[field] = value;
  }
  const checked = instanceFilter.safeParse(parts);
  if (checked.success) return documentPart(checked.data);
  throw badScope(checked.error.issues[0]?.message ?? 'it is not valid');
}

/** Reads the moment of a list. @throws InputError `list_time` */
export function parseListTime(text: string): number {
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return Date.parse(text);
  throw new InputError('list_time', `${JSON.stringify(text)} is not a time such as 2026-11-28T01:00:00Z`, {
    column: '--list-time',
  });
}

/** Clocks are not all the same, in milliseconds. */
const AHEAD_MS = 5 * 60_000;

/**
 * What may be pruned by a list, which has to show that nothing of it is missing and of what moment it is.
 * @param proof of the list, with what somebody has said of it
 * @param now milliseconds since 1970
 * @throws InputError `bad_scope`, `partial_list`, `unproven_list`, `list_time`, `list_sequence`
 */
export function pruneOrder(
  { file, counts }: Pick<CheckedList, 'file' | 'counts'>,
  proof: ListProof,
  { scope, listTime, skipAccounts }: PruneWish,
  now: number,
): PruneOrder {
  if (isEmptyFilter(scope)) {
    throw badScope(
      '--prune removes instances, and has to be limited',
      'Say which ones may go: --scope context=…',
    );
  }
  if (counts.invalid > 0) {
    throw partial(
      file,
      `${count(counts.invalid)} of its rows are not good, and nobody knows which instances they mean`,
    );
  }
  if (proof.state === 'partial') throw partial(file, proof.why);
  if (proof.state === 'unproven') {
    throw new InputError(
      'unproven_list',
      'Nothing in the list shows that it was not cut, so that nothing may be removed for not being in it.',
      { file },
      'Say how many rows it has: --expect-rows. An end without a moment may have been cut itself. Lists of export --as-list, and whole output of ldapsearch without -L, show it themselves.',
    );
  }
  if (proof.leftOut > 0) {
    throw partial(
      file,
      `${count(proof.leftOut)} instances were left out when it was written, and may be in use`,
    );
  }
  refuseBeyond(proof.of, scope, file);
  const at = momentOf(proof.at, listTime, file, now);
  const since = sequenceOf(proof, listTime, file);
  return { scope, listTime: at, since, skipAccounts };
}

/** Of what moment a list is. @param stated by itself @param said by somebody @throws InputError `list_time` */
function momentOf(stated: number | undefined, said: number | undefined, file: string, now: number): number {
  const at = said ?? stated;
  if (at === undefined) {
    throw new InputError(
      'list_time',
      'Nobody says of which moment the list is: an instance that was made since must not be removed.',
      { file },
      'Say when writing it was begun: --list-time 2026-11-28T01:00:00Z.',
    );
  }
  if (stated !== undefined && at > stated) {
    throw new InputError(
      'list_time',
      `The list says that it is of ${new Date(stated).toISOString()}, and --list-time is later: ${new Date(at).toISOString()}.`,
      { file },
      'Leave --list-time out, or write the list again.',
    );
  }
  if (at > now + AHEAD_MS) {
    throw new InputError(
      'list_time',
      `The list would be of ${new Date(at).toISOString()}, which is to come.`,
      { file },
    );
  }
  return at;
}

/**
 * Up to which change a list knows the instances. Undefined for one of which somebody says of which moment it is: others than
 * exports do not come from the instances as they were, so that no change of theirs takes anybody off them.
 * @throws InputError `list_sequence` where it does not say it, and may be an export of an earlier version
 */
function sequenceOf(
  { since, of }: Extract<ListProof, { state: 'whole' }>,
  said: number | undefined,
  file: string,
): string | undefined {
  if (since !== undefined) return since;
  const isExport = Object.keys(of).length > 0;
  if (said !== undefined && !isExport) return undefined;
  throw new InputError(
    'list_sequence',
    'The list does not say since which change of instances they have to be looked at: one that has come to belong on it since would be removed.',
    { file },
    isExport
      ? 'It was written by an earlier version. Write it again, by export --as-list.'
      : 'If it was written by export --as-list, write it again. Of a list of something else, say when writing it was begun: --list-time.',
  );
}

/** A list of some instances says nothing of the others. @param of the filter of which it is the list */
function refuseBeyond(of: ListFilter, scope: DocumentFilter, file: string): void {
  const said = listFilterOf(scope);
  const beyond = Object.entries(of).filter(([name, value]) => said[name] !== value);
  if (beyond.length === 0) return;
  const texts = beyond.map(([name, value]) => {
    const word = [...SCOPES].find(([, field]) => field === name)?.[0] ?? name;
    return `${word}=${value}`;
  });
  throw new InputError(
    'bad_scope',
    `It was made as a list of those with ${texts.join(' and ')} alone, and the scope reaches beyond.`,
    { file },
    'Limit what may go in the same way, by --scope, or write the list again.',
  );
}

function partial(file: string, why: string): InputError {
  return new InputError(
    'partial_list',
    `The list lacks something: ${why}.`,
    { file },
    'Write it again, or submit it without --prune.',
  );
}

function badScope(message: string, advice = ''): InputError {
  return new InputError('bad_scope', message, { column: '--scope' }, advice);
}
