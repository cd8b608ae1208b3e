import type { Unreadable } from '../lookup/readable.ts';
import type { ClaimingField } from '../lookup/readings.ts';
import type { NoDatabase } from './findings.ts';

/** A design document without which a stack answers wrongly or slowly (`docs/cozy-data.md` §1.5). */
export interface DesignFinding {
  readonly type: 'missing_design_document' | 'differing_design_document';
  readonly doctype: string;
  /** Full name of the database. */
  readonly database: string;
  /** Its `_id`. */
  readonly design: string;
}

/** The settings are not in their database. */
export interface MissingSettings {
  readonly type: 'missing_settings';
  readonly database: string;
}

/** The instance is said to have other indexes than stacks of the platform make (`docs/cozy-data.md` §1.6). */
export interface WrongIndexesVersion {
  readonly type: 'wrong_indexes_version';
  /** Null when the document has none. */
  readonly found: number | null;
  readonly expected: number;
}

/** Its prefix comes from another domain, as that of an instance that was renamed; nothing is wrong with it. */
export interface RenamedInstance {
  readonly type: 'renamed_instance';
  readonly prefix: string;
}

/** A document of `global/instances` that could mean the same, by any reading. */
export interface OtherInstance {
  readonly _id: string;
  /** Empty where it has none that can be read. */
  readonly domain: string;
  /** The field by which it could. */
  readonly field: ClaimingField;
}

/** Another document could mean the same databases. */
export interface SharedPrefix {
  readonly type: 'shared_prefix';
  readonly prefix: string;
  readonly other: OtherInstance;
}

/** Another document could mean the same names, and a stack takes either. */
export interface SharedName {
  readonly type: 'shared_name';
  readonly names: readonly string[];
  readonly other: OtherInstance;
}

/** Nobody makes, or removes, what is half made or half removed. */
export interface WithoutJob {
  readonly type: 'reservation_without_job' | 'deleting_without_job';
  /** Names of the fields that somebody else wrote into a reservation meanwhile; absent where there are none. */
  readonly written?: readonly string[];
}

/** In use by all it has, but still blocked as if it were being made: nobody will ever unblock it. */
export interface BlockedAsReservation {
  readonly type: 'blocked_as_reservation';
}

/** Its document names a CouchDB cluster that is not configured, so that its databases cannot be looked for. */
export interface WrongCluster {
  readonly type: 'wrong_cluster';
  readonly couch_cluster: number;
}

/** A document of `global/instances` that cannot be read: nobody can tell what it means, nor what is its own. */
export interface UnreadableDocument {
  readonly type: 'unreadable_document';
  /** Its `_id`. */
  readonly id: string;
  readonly field: string;
  readonly problem: string;
}

export function unreadableDocument({ _id: id, field, problem }: Unreadable): UnreadableDocument {
  return { type: 'unreadable_document', id, field, problem };
}

/** Its check was refused, as where its domain cannot be the name of a directory; nothing more was looked at. */
export interface NotChecked {
  readonly type: 'not_checked';
  /** Of the refusal. */
  readonly code: string;
  readonly problem: string;
}

/** What can be wrong with an instance besides its files. */
export type InstanceFinding =
  | NoDatabase
  | DesignFinding
  | MissingSettings
  | WrongIndexesVersion
  | RenamedInstance
  | SharedPrefix
  | SharedName
  | WithoutJob
  | BlockedAsReservation
  | WrongCluster
  | UnreadableDocument
  | NotChecked;
