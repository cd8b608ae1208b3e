import { definitionsOf } from '../databases/databases.ts';
import { type Finding, isOfOlderStack } from './findings.ts';

export interface RepairOptions {
  /**
   * Whether a database that is missing is made again, empty. Any of the 16 may have held what only its
   * owner had, the history of jobs and logins included, and a backup restores none that is there again.
   */
  readonly recreateEmpty: boolean;
  /** Whether an instance with the indexes of an older number gets that of the platform, though they are equal. */
  readonly movesNumber?: boolean | undefined;
}

/**
 * Whether a repair would touch this. What only its owner can decide is left alone: which of two
 * contents, names or instances is right, and whose an unknown file is.
 */
export function isRepairable(finding: Finding, { recreateEmpty }: RepairOptions): boolean {
  switch (finding.type) {
    case 'no_database':
      return recreateEmpty;
    case 'missing_design_document':
    case 'differing_design_document':
    case 'missing_settings':
    case 'index_missing_root':
    case 'index_missing_trash':
    case 'index_bad_fullpath':
      return true;
    case 'filesystem_missing':
    case 'index_missing':
      return finding.dir_doc !== undefined;
    case 'wrong_indexes_version':
      // A higher number is that of a newer stack, whose indexes we do not know.
      return isOfOlderStack(finding);
    case 'index_orphan_tree':
    case 'type_mismatch':
    case 'content_mismatch':
    case 'file_missing':
    case 'index_file_with_path':
    case 'index_duplicate_name':
    case 'trashed_not_in_trash':
    case 'not_trashed_in_trash':
    case 'conflict_in_index':
    case 'thumbnail_with_no_file':
    case 'renamed_instance':
    case 'shared_prefix':
    case 'shared_name':
    case 'reservation_without_job':
    case 'deleting_without_job':
    case 'blocked_as_reservation':
    case 'wrong_cluster':
    case 'unreadable_document':
    case 'not_checked':
    case 'orphan_databases':
    case 'orphan_folder':
    case 'foreign_folder':
      return false;
  }
}

/**
 * Databases that come into being by their indexes alone, so that an older stack may not have made them, and
 * the next load by a newer one does (`docs/cozy-data.md` §1.5, §1.6, §8 trap 10).
 */
const FROM_INDEXES: ReadonlySet<string> = new Set([
  'io.cozy.files.versions',
  'io.cozy.nextcloud.migrations',
  'io.cozy.shared',
]);

/** Whether the instance is older than all definitions of indexes that are known here. */
function isOfUnknownStack(finding: Finding): boolean {
  if (finding.type !== 'wrong_indexes_version' || !isOfOlderStack(finding)) return false;
  return definitionsOf(finding.found ?? undefined) === undefined;
}

/**
 * Those of an instance's findings that a repair would touch. None where another instance has a name or
 * the databases of this one: what is missing here may be there.
 */
export function repairableOf<Found extends Finding>(
  findings: readonly Found[],
  options: RepairOptions,
): Found[] {
  if (findings.some(({ type }) => type === 'shared_prefix' || type === 'shared_name')) return [];
  const isOlder = findings.some(isOfUnknownStack);
  return findings.filter((finding) => {
    const isFromIndexes = finding.type === 'no_database' && FROM_INDEXES.has(finding.doctype);
    return isRepairable(finding, options) || (isOlder && isFromIndexes);
  });
}
