import { FleetError } from '../errors.ts';

/** Why an operation on an instance is refused for good (`ARCHITECTURE.md` §3). */
export type RefusalCode =
  /** The instance is there, and it is the same person's. */
  | 'exists'
  /** The domain or an alias is another person's. */
  | 'taken'
  /** The name is the former domain of an instance. */
  | 'old_domain'
  /** Databases or files of an earlier life are left. */
  | 'leftovers'
  /** The instance is on its way out. */
  | 'deleting'
  /** The instance is being made. */
  | 'provisioning'
  /** Its stack is filling it, or moving it to another place. */
  | 'moving'
  /** Reserved by a job with other options. */
  | 'reserved'
  /** Another instance with one of our names came up while we worked. */
  | 'second_owner'
  /** The instance this job works on is gone, or is another one by now. */
  | 'superseded'
  /** The databases of the instance are not all there when it should be finished. */
  | 'incomplete'
  /** A deletion has taken some of its databases already. */
  | 'half_removed'
  /** Accounts of the instance need a running stack before it can go. */
  | 'accounts'
  /** The instance is not any more what the operator's filter asked for. */
  | 'changed'
  /** Two documents have the same databases. */
  | 'shared_prefix'
  /** Two documents have the same domain. */
  | 'shared_name'
  /** Its document says something of the wrong type, so that nobody can tell what it means. */
  | 'unreadable'
  /** Its databases are not where its document says. */
  | 'wrong_cluster'
  /** Its files are where we cannot remove them. */
  | 'swift'
  | 'other_storage'
  | 'written_into'
  /** The directory does not look like an instance's. */
  | 'foreign_files'
  /** A repair has left something that somebody has to look at. */
  | 'not_repaired'
  /** There is no such instance. */
  | 'not_found';

/** A refusal that no retry changes; nothing of anybody else's was touched. */
export class Refusal extends FleetError {
  override readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, advice = '') {
    super(code, message, advice);
    this.code = code;
  }
}
