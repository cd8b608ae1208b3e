import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { defined } from '../../../defined.ts';
import { InputError } from '../../../errors.ts';
import type { RawOptions } from '../../../instances/options/flags.ts';
import { INSTANCE_FLAGS } from '../../../instances/options/flags.ts';
import type { ParsingRules } from '../../../instances/options/parse-options.ts';
import { count } from '../../../quantity-text.ts';
import { checkFile, type FileCounts, type FileReporter } from '../../input/check-file.ts';
import type { LdifEnd } from '../../input/ldif/ldif-end.ts';
import type { LdifMapping } from '../../input/ldif/ldif-mapping.ts';
import { ldifRows } from '../../input/ldif/ldif-rows.ts';
import type { ListEnd, ListFilter } from '../../input/list-end.ts';
import { readRows } from '../../input/read-rows.ts';
import { openRowFile, type RowsReader } from '../../input/row-file.ts';
import { type RowFormat, rowFormat } from '../../input/row-format.ts';
import type { InputSource } from '../../input/spool.ts';
import { type GoodListRow, type ListRow, listCheck } from './list-row.ts';

/** In what form a list is. */
export type ListFormat = RowFormat | 'ldif';

/** Where a list comes from, and how it is understood. */
export interface ListSource {
  /** Path, `-` for `stdin`, or a stream. */
  readonly from: InputSource;
  readonly stdin: Readable;
  /** Undefined where it is told by its name, or by how it begins. */
  readonly format: ListFormat | undefined;
  /** How entries of a directory become rows, asked where the list is one. @throws InputError `bad_ldif` */
  mapping(): LdifMapping;
  readonly rules: ParsingRules;
  /** Of new instances, for columns that are absent or empty. */
  readonly defaults: RawOptions;
}

/** Whether a list is whole, as far as that can be known. */
export type ListProof =
  /**
   * `at`: of what moment it is, in milliseconds since 1970, where it says so. `of`: the filter of which it is the list; empty where
   * it is of all, or does not say. `leftOut`: instances that it leaves out. `since`: up to which change it knows instances, where it
   * says so.
   */
  | {
      readonly state: 'whole';
      readonly at: number | undefined;
      readonly of: ListFilter;
      readonly leftOut: number;
      readonly since?: string;
    }
  | { readonly state: 'partial'; readonly why: string }
  /** `end`: what it says at its end, which may have been cut itself. */
  | { readonly state: 'unproven'; readonly end?: Pick<ListEnd, 'of' | 'leftOut' | 'since'> };

/** A list that was read and checked from its first line to its last. To be closed in any case. */
export interface CheckedList {
  /** As it is shown to the operator. */
  readonly file: string;
  readonly counts: FileCounts;
  readonly proof: ListProof;
  /** Whether any good row has a passphrase in clear text. */
  readonly hasPassphrases: boolean;
  /** Its good rows in their order. @throws InputError `file_changed` */
  goodPages(): AsyncGenerator<readonly GoodListRow[]>;
  close(): Promise<void>;
}

/** @throws InputError when it cannot be read to its end; what is wrong with single rows is reported, and counted */
export async function openList(source: ListSource, report: FileReporter): Promise<CheckedList> {
  const { from, stdin, rules, defaults } = source;
  const seen: { list?: ListEnd; ldif?: LdifEnd } = {};
  const reader = listReader(source, seen);
  const file = await openRowFile<ListRow>(from, stdin, listCheck(rules, defaults), INSTANCE_FLAGS, reader);
  try {
    let hasPassphrases = false;
    const counts = await checkFile(file, report, ({ creation }) => {
      if (creation?.passphrase !== undefined) hasPassphrases = true;
    });
    return {
      file: file.name,
      counts,
      proof: proofOf(seen),
      hasPassphrases,
      goodPages: () => file.goodPages(),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Whether a list is whole where somebody has said how many rows it has, besides what it says itself.
 * @throws InputError `cut_list` where it has others
 */
export function provenBy(
  { proof, counts, file }: Pick<CheckedList, 'proof' | 'counts' | 'file'>,
  expectedRows: number | undefined,
): ListProof {
  if (expectedRows === undefined) return proof;
  const rows = counts.valid + counts.invalid;
  if (rows !== expectedRows) {
    throw new InputError('cut_list', `There are ${count(rows)} rows in it, and not ${count(expectedRows)}.`, {
      file,
    });
  }
  if (proof.state !== 'unproven') return proof;
  const { of = {}, leftOut = 0, since } = proof.end ?? {};
  return { state: 'whole', at: undefined, of, leftOut, ...defined({ since }) };
}

function listReader({ format, mapping }: ListSource, seen: { list?: ListEnd; ldif?: LdifEnd }): RowsReader {
  return async (input, columns, told) => {
    const { name: file } = input;
    const isLdif = format === undefined ? await looksLikeLdif(file, () => input.open()) : format === 'ldif';
    if (isLdif) {
      const how = mapping();
      return (stream) =>
        ldifRows(stream, how, file, (end) => {
          seen.ldif = end;
        });
    }
    const kind =
      told ?? (format === 'csv' || format === 'ndjson' ? format : await rowFormat(file, () => input.open()));
    return (stream) =>
      readRows(stream, kind, {
        file,
        columns,
        onEnd: (end) => {
          seen.list = end;
        },
      });
  };
}

function proofOf({ list, ldif }: { readonly list?: ListEnd; readonly ldif?: LdifEnd }): ListProof {
  if (ldif !== undefined)
    return ldif.state === 'whole' ? { state: 'whole', at: undefined, of: {}, leftOut: 0 } : ldif;
  if (list === undefined) return { state: 'unproven' };
  const { at, of, leftOut, since, isWhole } = list;
  const limits = { of, leftOut, ...defined({ since }) };
  return isWhole ? { state: 'whole', at, ...limits } : { state: 'unproven', end: limits };
}

/** How entries of a directory begin, in its first line that says something. */
const LDIF_BEGIN = /^\ufeff?(?:#[^\n]*\n|\s)*(?:dn|version|search|result)::? /i;

async function looksLikeLdif(name: string, open: () => AsyncIterable<Uint8Array>): Promise<boolean> {
  if (/^\.ldi?f$/i.test(extname(name))) return true;
  for await (const chunk of open()) return LDIF_BEGIN.test(Buffer.from(chunk).toString('utf8'));
  return false;
}
