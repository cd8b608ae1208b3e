import { createHash } from 'node:crypto';
import { z } from 'zod';
import { FleetError } from '../errors.ts';
import { strictFilter } from '../instances/lookup/instance-filter.ts';
import { optionsHash } from '../instances/options/options-hash.ts';
import { strictChanges, strictOptions } from '../instances/options/strict-options.ts';
import { appSource, domain, listOf } from '../instances/options/strict-values.ts';
import { passphraseMark } from './stored-passphrase.ts';

/** The batch row a job works for; ids are those of `batches.ts`. */
const batchRow = z.strictObject({ id: z.string().regex(/^[0-9A-Z]{1,16}$/), row: z.int().positive() });

/** Generations that fit into the order of reports (`row-state.ts`), and far more than an operator reaches. */
const MOST_GENERATIONS = 2 ** 20 - 1;

/** By which a worker knows that a command of its fleet wrote the payload for this very job (`signer.ts`). */
const mac = z.string().regex(/^[\w-]{43}$/);

/** What every job has, whatever it does. */
const envelope = {
  v: z.literal(1),
  /** Absent in what an earlier version wrote: such a job can be shown, and is not run. */
  mac: mac.optional(),
  batch: batchRow.optional(),
  /** How often an operator had this job tried again. */
  generation: z.int().min(0).max(MOST_GENERATIONS),
  /** Tries before it fails for good. */
  tries: z.int().positive(),
};

/** A document of `global/instances`: CouchDB keeps those that begin with "_" for itself. */
const documentId = z.string().regex(/^[^_]/).max(1024);

/** The very document and life of a domain that the operator saw (`ARCHITECTURE.md` §3.3). */
const seenInstance = z.strictObject({ id: documentId, incarnation: z.string().regex(/^[0-9a-f]{16}$/) });

export type SeenInstance = z.infer<typeof seenInstance>;

/** What a job needs that works on an instance which is there already. */
const onInstance = {
  /** Normalised, with port if any. */
  domain,
  /** Absent when there was no such instance when the job was queued. */
  seen: seenInstance.optional(),
  /** What the instance must still be when its turn comes; absent when it was named. */
  filter: strictFilter.optional(),
};

/** A mark, and what is sealed, in base64. */
const sealedText = z
  .string()
  .max(2 ** 16)
  .regex(/^[0-9a-f]{16} [A-Za-z0-9+/]+={0,2}$/);

const createPayload = z.strictObject({
  ...envelope,
  kind: z.literal('create'),
  options: strictOptions,
  /** The passphrase's stored form under the fleet's seal; only where one was given (`stored-passphrase.ts`). */
  sealedPassphrase: sealedText.optional(),
  /** Domains whose creations come first: this one begins when none of them is under way any more. */
  after: listOf(domain).min(1).optional(),
});

const destroyPayload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('destroy'),
  /** Leave it at that if accounts would have to be told elsewhere that they are deleted. */
  skipAccounts: z.boolean(),
  /** Go on with an instance that somebody else flagged `deleting`. */
  resume: z.boolean(),
});

const repairPayload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('repair'),
  /** Make databases that held data anew, empty. */
  recreateEmpty: z.boolean(),
  /** Remove a reservation and what it holds: nobody ever used it. */
  dropReservation: z.boolean(),
  /** Write the number of the platform where an older one has the same indexes. */
  movesNumber: z.boolean().optional(),
});

const modifyPayload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('modify'),
  changes: strictChanges,
});

const installAppsPayload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('install-apps'),
  /** Sources of the applications. */
  apps: listOf(appSource).min(1),
});

const livePayload = z.discriminatedUnion('kind', [
  createPayload,
  destroyPayload,
  modifyPayload,
  repairPayload,
  installAppsPayload,
]);

/** How a job of each kind ends well. */
const OUTCOMES = {
  /** Made, or the same person's was there already. */
  create: ['created', 'exists'],
  /** Removed, or there was none. */
  destroy: ['destroyed', 'missing'],
  /** Changed, or it was so already. */
  modify: ['modified', 'unchanged'],
  /** Something was put right, or nothing had to be. */
  repair: ['repaired', 'clean'],
  /** All are there now, or all were. */
  'install-apps': ['installed', 'present'],
} as const;

export const JOB_KINDS = ['create', 'destroy', 'modify', 'repair', 'install-apps'] as const;

export type JobKind = (typeof JOB_KINDS)[number];

export type OutcomeOf<Kind extends JobKind> = (typeof OUTCOMES)[Kind][number];

export type JobOutcome = OutcomeOf<JobKind>;

/** What is left of a payload after its job succeeded: nothing that anybody could use (`ARCHITECTURE.md` §3.8). */
const endedPayload = z.strictObject({
  v: z.literal(1),
  mac: mac.optional(),
  kind: z.enum(JOB_KINDS),
  domain,
  batch: batchRow.optional(),
  outcome: z.enum(Object.values(OUTCOMES).flat()),
});

export type CreatePayload = z.infer<typeof createPayload>;
export type DestroyPayload = z.infer<typeof destroyPayload>;
export type ModifyPayload = z.infer<typeof modifyPayload>;
export type RepairPayload = z.infer<typeof repairPayload>;
export type InstallAppsPayload = z.infer<typeof installAppsPayload>;
export type LivePayload = z.infer<typeof livePayload>;
export type EndedPayload = z.infer<typeof endedPayload>;
export type Payload = LivePayload | EndedPayload;

/** A payload as it may be queued: `signer.ts` alone makes one. */
export type Signed<Each extends Payload> = Each & { readonly mac: string };

export type SignedPayload = Signed<LivePayload> | Signed<EndedPayload>;

type WithoutEnvelope<Each> = Each extends unknown
  ? Omit<Each, keyof typeof envelope | 'sealedPassphrase'>
  : never;

/** What a job is to do, whoever asked for it; a passphrase is sealed once the id of the job is known. */
export type Work = WithoutEnvelope<LivePayload>;

/** Characters of a message about a payload: it may repeat a name that others chose. */
const MOST_OF_MESSAGE = 300;

/**
 * Reads a payload as strictly as a command reads its input. To learn whether it may be believed, too, ask
 * `signer.ts`.
 * @throws FleetError `bad_payload`, naming the field, when a job was written by something else.
 */
export function parsePayload(data: unknown): Payload {
  const hasOutcome = typeof data === 'object' && data !== null && 'outcome' in data;
  const parsed = hasOutcome ? endedPayload.safeParse(data) : livePayload.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const wrong = `${issue?.path.join('.') || 'payload'}: ${issue?.message ?? 'unknown'}`;
  throw new FleetError(
    'bad_payload',
    `the job's payload is not one of ours: ${wrong.slice(0, MOST_OF_MESSAGE)}`,
    'Submit the instance again with this version of cozy-fleet.',
  );
}

/**
 * Makes sure that workers will read a payload, for those who are about to queue it: a document may have a domain that
 * no instance can have.
 * @throws FleetError `unusable_domain`, `bad_payload`
 */
export function assertRunnable(payload: LivePayload): void {
  const { seen } = 'seen' in payload ? payload : {};
  if (seen !== undefined && !domain.safeParse(domainOf(payload)).success) {
    throw new FleetError(
      'unusable_domain',
      `${JSON.stringify(domainOf(payload))} cannot be the domain of an instance, so that nothing is done to it`,
      `Correct the domain of ${seen.id} in global/instances, or remove that document by hand.`,
    );
  }
  parsePayload(payload);
}

export function isEnded(payload: Payload): payload is EndedPayload {
  return 'outcome' in payload;
}

/** Whether there was nothing to do: its batch row counts as skipped then. */
export function didNothing(outcome: JobOutcome): boolean {
  switch (outcome) {
    case 'created':
    case 'destroyed':
    case 'modified':
    case 'repaired':
    case 'installed':
      return false;
    case 'exists':
    case 'missing':
    case 'unchanged':
    case 'clean':
    case 'present':
      return true;
    default:
      return outcome satisfies never;
  }
}

export function domainOf(payload: Payload | Work): string {
  return 'options' in payload ? payload.options.domain : payload.domain;
}

/** Names the job holds while it lives: the domain, then the aliases it would take. */
export function namesOf(payload: Payload | Work): [string, ...string[]] {
  if ('options' in payload) return [payload.options.domain, ...payload.options.aliases];
  const { domain } = payload;
  if (!('changes' in payload)) return [domain];
  return [domain, ...(payload.changes.aliases ?? []).filter((alias) => alias !== domain)];
}

/** Equal for two jobs that would do the same, whoever asked for them. */
export function payloadHash(work: Work | LivePayload): string {
  return createHash('sha256').update(digested(work)).digest('hex').slice(0, 16);
}

function digested(work: Work | LivePayload): string {
  switch (work.kind) {
    case 'create': {
      const { options } = work;
      const sealed = 'sealedPassphrase' in work ? work.sealedPassphrase : undefined;
      const mark = sealed === undefined ? '' : passphraseMark(sealed);
      return `${optionsHash(options)} ${JSON.stringify(options.apps)} ${mark}`;
    }
    case 'destroy': {
      const { kind, domain, seen, filter, skipAccounts, resume } = work;
      return JSON.stringify([kind, domain, seen, filter, skipAccounts, resume]);
    }
    case 'modify': {
      const { kind, domain, seen, filter, changes } = work;
      return JSON.stringify([kind, domain, seen, filter, changes]);
    }
    case 'repair': {
      const { kind, domain, seen, filter, recreateEmpty, dropReservation, movesNumber } = work;
      return JSON.stringify([kind, domain, seen, filter, recreateEmpty, dropReservation, movesNumber]);
    }
    case 'install-apps': {
      const { kind, domain, seen, filter, apps } = work;
      return JSON.stringify([kind, domain, seen, filter, apps]);
    }
    default:
      return work satisfies never;
  }
}
