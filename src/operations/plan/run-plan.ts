import { isDeepStrictEqual } from 'node:util';
import { isVersion } from '../../apps/manifest/manifest.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { defined } from '../../defined.ts';
import {
  differing,
  type FieldChange,
  fieldsChangedSince,
  oldValues,
} from '../../instances/change/compare-fields.ts';
import { changedSincePlan } from '../../instances/lookup/changed-since-plan.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import type { SteeringChange } from '../../jobs/batches/steering.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { sealAddress } from '../../jobs/fleet/notices.ts';
import type { JobKind } from '../../jobs/kinds/job-kinds.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import type { SlugCount } from '../apps/slug-counter.ts';
import type { BatchRow } from '../batches/queue-rows.ts';
import {
  type BatchReporter,
  type BatchResult,
  type RunBatchOptions,
  runBatch,
} from '../batches/run-batch.ts';
import { type FailureShare, failureLimit } from '../batches/steering-input.ts';
import { GoingAppsCounter } from './going-apps-counter.ts';
import { isGuarded, passGuard, passScope } from './guard.ts';
import type { PlanHead, PlannedVerdict } from './plan-format.ts';
import { batchOfPlan } from './plan-ids.ts';
import { type PlannedRow, type PlanServices, planRows } from './plan-rows.ts';
import type { ReadPlan, ReadRow } from './read-plan.ts';
import { hasWork, isPlannedWork } from './verdict.ts';

/** What is needed to run a plan. */
export interface RunPlanOptions extends RunBatchOptions {
  /** `fleet.guard` of the configuration. */
  readonly guardPercent: number;
  /** The number of instances that would be destroyed or blocked, as somebody has typed it. */
  readonly howeverMany: number | undefined;
  /** What holds the batch back from the beginning, beside and before what the plan says. */
  readonly steering?: SteeringChange | undefined;
  readonly maxFailures?: FailureShare | undefined;
  /** Address to be notified of its end; absent = none. */
  readonly notify?: string | undefined;
}

/** What became of a plan that was submitted. */
export type PlanResult =
  | { readonly state: 'submitted'; readonly result: BatchResult }
  /** It was submitted before. */
  | { readonly state: 'again'; readonly batch: Batch }
  /** No row of it has anything to do. */
  | { readonly state: 'nothing' };

/** What a plan would do in all. */
export interface PlanSize {
  /** Rows that have something to do. */
  readonly toDo: number;
  /** Instances that would be destroyed or blocked. */
  readonly guarded: number;
  /** Instances by what would be done to them. */
  readonly kinds: ReadonlyMap<JobKind, number>;
  /** Applications that would be uninstalled, and from how many instances each. */
  readonly apps: readonly SlugCount[];
}

/** Rows that are looked at again, and queued, at a time. */
const PAGE = 200;

/** The batch of a plan that was submitted before; undefined where it was not. */
export async function findSubmitted(
  { batches }: Pick<KeyedFleet, 'batches'>,
  { plan }: Pick<PlanHead, 'plan'>,
): Promise<Batch | undefined> {
  return await batches.find(batchOfPlan(plan));
}

/** Counts what a plan would do. */
export async function sizeOfPlan({ rows }: Pick<ReadPlan, 'rows'>): Promise<PlanSize> {
  let toDo = 0;
  let guarded = 0;
  const kinds = new Map<JobKind, number>();
  const apps = new GoingAppsCounter();
  for await (const { verdict, request } of rows()) {
    if (!isPlannedWork(verdict)) continue;
    toDo += 1;
    const { kind } = request.work;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (isGuarded(request.work)) guarded += 1;
    apps.add({ request, verdict });
  }
  return { toDo, guarded, kinds, apps: apps.counts() };
}

/**
 * Runs just what a plan says: of its rows those that have something to do, each looked at again right before it is
 * queued. One whose instance is otherwise by now, in what the plan compared, ends as failed. A plan that was submitted
 * before is not run again.
 * @throws FleetError `guard`
 */
export async function runPlan(
  services: PlanServices & { readonly global: CouchServer },
  fleet: KeyedFleet,
  plan: Pick<ReadPlan, 'head' | 'rows'>,
  { guardPercent, howeverMany, steering, notify, maxFailures: most, ...options }: RunPlanOptions,
  report: BatchReporter,
): Promise<PlanResult> {
  const { head } = plan;
  const { kind, name, reason } = head;
  const { maxFailures, canary, concurrency, rate } = head.options;
  const { toDo, guarded } = await sizeOfPlan(plan);
  if (toDo === 0) return { state: 'nothing' };
  const id = batchOfPlan(head.plan);
  const share = most ?? maxFailures;
  const held = { canary, concurrency, rate, ...defined(steering ?? {}) };
  const facts = { kind, name, reason, steering: held, total: toDo };
  const limit = share === undefined ? {} : failureLimit(share, toDo);
  const before = await findSubmitted(fleet, head);
  if (before !== undefined) return { state: 'again', batch: before };
  const asked = { percent: guardPercent, number: guarded };
  passScope(head.scope, asked, howeverMany);
  await passGuard({ global: services.global, ...asked }, howeverMany);
  const address = notify === undefined ? undefined : sealAddress(fleet.sealKey, notify);
  if (!(await fleet.batches.createOnce(id, { ...facts, ...limit, by: options.actor, notify: address }))) {
    return { state: 'again', batch: await fleet.batches.get(id) };
  }
  const batch = { ...facts, maxFailures: share, id, notify, chunks: checkedAgain(services, plan) };
  return { state: 'submitted', result: await runBatch(fleet, batch, options, report) };
}

async function* checkedAgain(
  services: PlanServices,
  { rows }: Pick<ReadPlan, 'rows'>,
): AsyncGenerator<readonly BatchRow[]> {
  let page: ReadRow[] = [];
  for await (const row of rows()) {
    if (!isPlannedWork(row.verdict)) continue;
    page.push(row);
    if (page.length < PAGE) continue;
    yield await lookedAtAgain(services, page);
    page = [];
  }
  if (page.length > 0) yield await lookedAtAgain(services, page);
}

async function lookedAtAgain(services: PlanServices, page: readonly ReadRow[]): Promise<BatchRow[]> {
  async function* requests(): AsyncGenerator<readonly BatchRow[]> {
    yield page.map(({ request }) => request);
  }
  const now: PlannedRow[] = [];
  for await (const some of planRows({ ...services, unknownOf: async () => [] }, requests()))
    now.push(...some);
  return page.map(({ domain, verdict, request }, at) => {
    const row = now[at];
    const changed = row === undefined ? ['it was not found'] : changedSince(request.work.kind, verdict, row);
    if (changed.length > 0) return { ...request, refusal: changedSincePlan(domain, changed) };
    return { ...request, work: withExpectation(request.work, verdict) };
  });
}

/** What is otherwise by now, in what was compared: names of fields, or in words; none where nothing is. */
function changedSince(
  kind: JobSpec['kind'],
  planned: PlannedVerdict,
  { verdict: now }: PlannedRow,
): string[] {
  const { fields: then = [] } = planned;
  // What is to become of a new instance is in its row; it was nothing before, and has to be nothing still.
  if (planned.verdict === 'new' && now.verdict === 'new') return [];
  const fields = 'fields' in now ? now.fields : [];
  const changed = fieldsChangedSince(oldValues(then), fields);
  if (changed.length > 0) return changed;
  if (now.verdict !== planned.verdict || !hasWork(now)) {
    return ['message' in now ? now.message : `it is ${now.verdict} by now`];
  }
  if (now.verdict === 'install' && !isDeepStrictEqual(now.apps, planned.apps)) return ['apps'];
  if (now.verdict === 'repair' && !isDeepStrictEqual(now.findings, planned.findings)) return ['findings'];
  if (kind === 'modify-and-install') return otherwise(then, fields);
  // What these do is not all in the row: registries and documents tell it, and may tell more by now.
  return kind === 'update-apps' || kind === 'uninstall-apps' ? otherwise(then, fields) : [];
}

/** Names of the fields that are not the same in both, in what they are, or in what they are to become. */
function otherwise(then: readonly FieldChange[], now: readonly FieldChange[]): string[] {
  const names = new Set([...then, ...now].map(({ field }) => field));
  const one = (fields: readonly FieldChange[], name: string) => fields.find(({ field }) => field === name);
  return [...names].filter((name) => !isDeepStrictEqual(one(then, name), one(now, name)));
}

/** What its worker has to find, right before it writes. */
function withExpectation(work: JobSpec, { fields = [] }: PlannedVerdict): JobSpec {
  if (work.kind === 'update-apps') return { ...work, shown: shownVersions(work.apps, fields) };
  const isChange = work.kind === 'modify' || work.kind === 'modify-and-install';
  if (!isChange || differing(fields).length === 0) return work;
  // Applications are looked at by their own stage.
  const compared = fields.filter(({ field }) => field !== 'apps');
  return { ...work, before: { ...oldValues(compared) } };
}

/** The versions that the applications are to get, or that are to wait; of a source that does not tell one, none. */
function shownVersions(apps: readonly string[], fields: readonly FieldChange[]): Record<string, string> {
  const next = (field: string) => fields.find((each) => each.field === field)?.new;
  const entries = apps.flatMap((slug): [string, string][] => {
    const version = next(`${slug}.available_version`) ?? next(`${slug}.version`);
    return typeof version === 'string' && isVersion(version) ? [[slug, version]] : [];
  });
  return Object.fromEntries(entries);
}
