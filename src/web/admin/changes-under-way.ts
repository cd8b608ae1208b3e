import type { FastifyReply } from 'fastify';
import { FleetError } from '../../errors.ts';
import type { ExistingInstance } from '../../instances/change/existing-instance.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import { createPrefixIndex } from '../../instances/lookup/prefix-index.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { hasFinished, readProgress } from '../../jobs/queue/progress.ts';
import { holdInstance, refuseAnother } from '../../operations/instances/hold-instance.ts';
import { withHistory } from '../../operations/instances/instance-history.ts';
import { liveJob } from '../../operations/jobs/job-lookup.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import { pause } from '../../pause.ts';
import { authorOf } from '../http/actor.ts';
import type { WebContext } from '../web-context.ts';
import { type AnswerError, plainError } from './messages/error-json.ts';

/** What is to be done to one instance. */
export interface InstanceChange {
  /** Its domain or an alias, as asked for. */
  readonly name: string;
  /** What it is called in the history of the domain. */
  readonly what: 'modify' | 'features';
  /** Names of what changes. */
  fieldsOf?(found: StoredInstance): readonly string[];
  /** Names besides its domain that the change is about. */
  aliasesOf?(found: StoredInstance): readonly string[];
  /** @returns the instance as it is stored then */
  write(existing: ExistingInstance, found: StoredInstance): Promise<StoredInstance>;
}

/** The changes that the requests of one server have begun. */
export interface ChangesUnderWay {
  /**
   * Changes an instance when nothing else of the fleet works on it. A creation is waited for until the instance is in
   * use, and for its applications no longer; any other job to its end. Once begun, the change goes on though the client
   * leaves.
   * @throws FleetError `not_found` and whatever the change throws; AnswerError 503 when the time to wait is over
   */
  make(change: InstanceChange, reply: FastifyReply): Promise<StoredInstance>;
  /** Fulfilled when none is under way any more. */
  settled(): Promise<void>;
}

/** How often a job is looked at that is in the way. */
const POLL_MS = 500;

const RETRY_AFTER_SECONDS = 10;

export function changesUnderWay(context: WebContext): ChangesUnderWay {
  const running = new Set<Promise<StoredInstance>>();
  return {
    async make(change, reply) {
      const work = makeWhenFree(context, change, reply);
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
      }
    },
    async settled() {
      await Promise.allSettled(running);
    },
  };
}

async function makeWhenFree(
  context: WebContext,
  change: InstanceChange,
  reply: FastifyReply,
): Promise<StoredInstance> {
  const { couch, stopping, config } = context;
  const hold = AbortSignal.timeout(config.serve.holdSeconds * 1000);
  const patience = AbortSignal.any([hold, stopping, whenGone(reply)]);
  const fleet = await context.fleet();
  const author = authorOf(reply.request);
  const noted = (existing: ExistingInstance, found: StoredInstance): Promise<StoredInstance> => {
    const fields = change.fieldsOf?.(found) ?? [];
    const about = { domain: found.domain, what: change.what, fields, author };
    return withHistory(fleet, about, () => change.write(existing, found), stateSince(found, fields));
  };
  for (;;) {
    const found = await findOrUndefined(context, change.name);
    const domain = found?.domain ?? normaliseDomain(change.name, 'nested');
    const work = await workOn(fleet, domain);
    if (found === undefined && work === 'none') return await findInstance(couch.global, change.name);
    if (found !== undefined && work !== 'other') {
      const aliases = change.aliasesOf?.(found) ?? [];
      if (work === 'none') {
        const done = await unlessBusy(
          hold,
          holdInstance(
            { ...couch, fleet },
            { found, aliases, patience: hold },
            stopping,
            () => undefined,
            (held) => noted(held, found),
          ),
        );
        if (done !== undefined) return done;
      } else if (aliases.length === 0) {
        return await noted(unheld(context, found), found);
      }
    }
    try {
      await pause(POLL_MS, patience);
    } catch {
      throw tookTooLong();
    }
  }
}

/** Whether anything was changed; settings lie in a document of their own, of which that is not known. */
function stateSince(
  { _rev: before }: StoredInstance,
  fields: readonly string[],
): (now: StoredInstance) => 'done' | 'skipped' {
  const isKnown = !fields.some((field) => field.startsWith('settings.'));
  return ({ _rev: now }) => (isKnown && now === before ? 'skipped' : 'done');
}

/**
 * What else of the fleet is at work on that domain: `apps` when a creation has put the instance into use and goes on
 * with its applications.
 */
async function workOn(fleet: Fleet, domain: string): Promise<'none' | 'apps' | 'other'> {
  const job = await liveJob(fleet, domain);
  if (job === undefined) return 'none';
  return job.name === 'create' && hasFinished(readProgress(job.progress)) ? 'apps' : 'other';
}

async function findOrUndefined({ couch }: WebContext, name: string): Promise<StoredInstance | undefined> {
  try {
    return await findInstance(couch.global, name);
  } catch (error) {
    if (error instanceof FleetError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** The revision alone keeps this write apart from others. */
function unheld(
  { couch: { global, cluster }, stopping }: WebContext,
  found: StoredInstance,
): ExistingInstance {
  return {
    global,
    cluster,
    prefixIndex: createPrefixIndex(global),
    id: found._id,
    guard: (now) => refuseAnother(found, now),
    signal: stopping,
  };
}

/** A job may have come between the look and the hold: it is waited for then. */
async function unlessBusy<T>(patience: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (patience.aborted && error === patience.reason) throw tookTooLong();
    if (error instanceof FleetError && error.code === 'busy') return undefined;
    throw error;
  }
}

function tookTooLong(): AnswerError {
  return plainError(503, 'Other work on the instance has not ended yet', RETRY_AFTER_SECONDS);
}

/** Aborted when the client has left before it got an answer. */
function whenGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  if (raw.destroyed) gone.abort();
  else raw.once('close', () => gone.abort());
  return gone.signal;
}
