import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { Refusal } from '../../instances/errors.ts';
import type { InstanceOptions } from '../../instances/options/options.ts';
import type { PoolItem } from '../../instances/pool/pool-item.ts';
import type { StoredPassphrase } from '../../instances/vault/passphrase.ts';
import type { CreateStageName } from '../../jobs/kinds/create.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import { superseded } from '../instance/expected-instance.ts';
import type { Lease } from '../stage/lease.ts';
import type { Stage, Step } from '../stage/pipeline.ts';
import type { Services } from '../stage/services.ts';

export type CreateStage = Stage<CreateStageName, CreateContext, OutcomeOf<'create'>>;
export type CreateStep = Step<CreateStageName, CreateContext, OutcomeOf<'create'>>;

/** What the stages of one attempt share. */
export interface CreateContext {
  readonly jobId: string;
  /** Whether the job is one of a batch: those leave a part of the pool to people who wait. */
  readonly isRow: boolean;
  readonly options: InstanceOptions;
  /** Stored form of the passphrase the operator gave. */
  readonly passphrase: StoredPassphrase | undefined;
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly lease: Lease;
  /** The document of this job's instance, as last read or written; set by `register`. */
  instance: StoredInstance | undefined;
  /** The random passphrase of an instance that is to have one, once this attempt has made it. */
  randomPassphrase: StoredPassphrase | undefined;
  /** Whether this very attempt has made the directories on disk. */
  hasFolders: boolean;
  /** Prefix of the item of the pool that an attempt of this job has named; CouchDB says whether it has it. */
  namedPrefix(): string | undefined;
  /** Names the prefix of an item before it is claimed, so that whoever goes on with the job finds it. @throws LostLock */
  namePrefix(prefix: string | undefined): Promise<void>;
  /** Resolves once all is recorded that was so far: before anything that a later attempt must not do again. @throws LostLock */
  recorded(): Promise<void>;
  /**
   * The item that this job has claimed for the instance, with all databases and design documents as they would be made
   * today; `none` where there is none, undefined where it was not looked for yet (`pool-item-of.ts`).
   */
  item: PoolItem | 'none' | undefined;
  /** Has the end of the job recorded beside some last work (`attempt.ts`). */
  besideEnd(work: Promise<void>): void;
  /** Doctypes whose design documents this very attempt saw acknowledged: `finish` need not look. */
  readonly acknowledged: Set<string>;
  /**
   * Notes which life of the domain this job works on (`ARCHITECTURE.md` §3.3). It is recorded with the
   * end of the stage, or with its failure: one that dies before that finds its own reservation by its options.
   */
  learn(instance: StoredInstance): void;
  /** Notes with the job why the service of common settings was not told; recorded with the end of the stage, or its failure. */
  notTold(problem: string): void;
  /** Drops what an earlier attempt has noted so; recorded likewise. */
  tellsAnew(): void;
  /** Writes the files of the skeleton that the options name, as far as they are not dealt with yet. */
  writeSkeleton(): Promise<void>;
  /** Installs what the options name, where it is not installed yet. @throws AppsMissing */
  installApps(): Promise<void>;
}

/** The instance's document. @throws Refusal `superseded` when there is none */
export function instanceOf(context: CreateContext): StoredInstance {
  if (context.instance === undefined) throw notOurs(context.options.domain);
  return context.instance;
}

/** Another instance has taken the place of the one that this job makes, or none. */
export function notOurs(domain: string): Refusal {
  return superseded(domain, 'Submit it again if it is still wanted.');
}
