import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { type InstanceState, instanceState } from '../../instances/documents/instance-state.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import { describeUnreadable, type ReadResult } from '../../instances/lookup/classify-document.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { JobFacts } from '../jobs/job-facts.ts';
import { knownJobs } from '../jobs/known-jobs.ts';
import { findReadResult } from '../targets/find-instance.ts';

/** What an operator may see of an instance's document: nothing that lets anybody in, and nothing of its owner. */
export interface InstanceFacts {
  readonly state: InstanceState | 'unreadable';
  /** What is wrong with its document; only of one that cannot be read. */
  readonly problem?: string;
  readonly aliases?: readonly string[];
  readonly oldDomain?: string;
  readonly locale?: string;
  readonly contextName?: string;
  /** May be empty; only of one that is blocked. */
  readonly blockingReason?: string;
  readonly couchCluster?: number;
  readonly indexesVersion?: number;
}

/** One instance: what it is, and what was done to it. */
export interface InstanceOverview {
  readonly domain: string;
  /** Absent where there is no instance, such as after it was destroyed. */
  readonly instance?: InstanceFacts;
  /** Those that Redis still knows by its name, latest first. */
  readonly jobs: readonly JobFacts[];
}

/**
 * @param name domain or alias, as typed
 * @throws InputError `illegal_domain`; FleetError `not_found` where neither an instance nor a job is known
 */
export async function instanceOverview(
  fleet: Fleet,
  global: CouchServer,
  name: string,
): Promise<InstanceOverview> {
  const found = await lookedUp(global, name);
  const result = found instanceof FleetError ? undefined : found;
  const domain = result === undefined ? normaliseDomain(name, 'nested') : domainOf(result);
  const jobs = await knownJobs(fleet, domain);
  if (found instanceof FleetError && jobs.length === 0) throw found;
  return { domain, ...(result && { instance: factsOf(result) }), jobs };
}

/** That there is none is an answer, too: its jobs may be known. */
async function lookedUp(global: CouchServer, name: string): Promise<ReadResult | FleetError> {
  try {
    return await findReadResult(global, name);
  } catch (error) {
    if (error instanceof FleetError && (error.code === 'not_found' || error.code === 'no_instances'))
      return error;
    throw error;
  }
}

function domainOf(result: ReadResult): string {
  return result.readable ? result.instance.domain : result.unreadable.domain;
}

function factsOf(result: ReadResult): InstanceFacts {
  if (!result.readable) return { state: 'unreadable', problem: describeUnreadable(result.unreadable) };
  return readableFacts(result.instance);
}

function readableFacts(instance: StoredInstance): InstanceFacts {
  const { domain_aliases: aliases, old_domain: oldDomain, locale, context } = instance;
  const { couch_cluster: couchCluster, indexes_version: indexesVersion, blocking_reason: reason } = instance;
  const state = instanceState(instance);
  return {
    state,
    locale,
    ...(aliases && { aliases }),
    ...(oldDomain && { oldDomain }),
    ...(context && { contextName: context }),
    ...(state === 'blocked' && { blockingReason: reason ?? '' }),
    ...(couchCluster !== undefined && { couchCluster }),
    ...(indexesVersion !== undefined && { indexesVersion }),
  };
}
