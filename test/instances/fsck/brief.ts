import type { Finding } from '../../../src/instances/fsck/findings.ts';

/** Type of a finding and what it is about. */
export function brief(finding: Finding): string {
  switch (finding.type) {
    case 'no_database':
      return `no_database ${finding.doctype}`;
    case 'missing_design_document':
    case 'differing_design_document':
      return `${finding.type} ${finding.doctype} ${finding.design}`;
    case 'wrong_indexes_version':
      return `wrong_indexes_version ${finding.found}`;
    case 'shared_prefix':
    case 'shared_name':
      return `${finding.type} ${finding.other.domain}`.trim();
    case 'orphan_databases':
      return `orphan_databases ${finding.databases.length}`;
    case 'orphan_folder':
    case 'foreign_folder':
      return `${finding.type} ${finding.folder}`;
    case 'missing_settings':
    case 'renamed_instance':
    case 'blocked_as_reservation':
      return finding.type;
    case 'wrong_cluster':
      return `wrong_cluster ${finding.couch_cluster}`;
    case 'not_checked':
      return `not_checked ${finding.code}`;
    case 'unreadable_document':
      return `unreadable_document ${finding.id} ${finding.field}`;
    case 'reservation_without_job':
    case 'deleting_without_job':
      return [finding.type, ...(finding.written ?? [])].join(' ');
    default: {
      const { type, file_doc, dir_doc, version_doc } = finding;
      return `${type} ${file_doc?.path ?? dir_doc?.path ?? version_doc?._id ?? file_doc?.name ?? ''}`.trim();
    }
  }
}
