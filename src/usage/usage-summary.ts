import * as z from 'zod';
import { INSTANCE_STATES, instanceState } from '../instances/documents/instance-state.ts';
import { FLOOR_MS } from './last-activity.ts';
import type { MeasuredInstance } from './measure-instance.ts';

/** How long ago somebody was there last, in days, and what is beyond the last of them. */
const ACTIVITY_DAYS = [7, 30, 90, 180, 365, 730] as const;

/** Parts of the quota, in percent, and what is beyond the last of them. */
const SHARES = [25, 50, 75, 90, 100] as const;

/** Instances that are named because they use most. */
const LARGEST = 10;

/** Applications that are counted by name. */
const MOST_APPS = 200;

/** Characters of a name that are kept: documents may say any. */
const MOST_OF_NAME = 255;

const DAY_MS = 86_400_000;

const number = z.int().min(0);
const bars = z.array(z.strictObject({ label: z.string().max(40), instances: number })).max(40);

/** What is said of a fleet as a whole, as it is kept. */
export const usageSummary = z.strictObject({
  instances: number,
  /** Instances of which something could not be told. */
  unmeasured: number,
  /** Documents that cannot be read: nobody can tell whose they are, and they are in no other number. */
  unreadable: number,
  /** Instances that were being made or removed. */
  outside: number,
  states: bars,
  activity: bars,
  shares: bars,
  /** Bytes, of those of which it is known. */
  diskUsed: z.number().min(0),
  files: number,
  /** Those that use most, the largest first. */
  largest: z
    .array(z.strictObject({ domain: z.string(), diskUsed: z.number(), diskShare: z.number().optional() }))
    .max(LARGEST),
  /** How many instances have an application, most frequent first. */
  apps: z.array(z.strictObject({ slug: z.string(), instances: number })).max(MOST_APPS),
});

export type UsageSummary = Readonly<z.infer<typeof usageSummary>>;

/** How many instances are in a group. */
export type UsageBar = UsageSummary['activity'][number];

const ACTIVITY_LABELS = [
  ...ACTIVITY_DAYS.map((days) => `within ${days} days`),
  'longer ago',
  'never',
  'not known',
];
const SHARE_LABELS = [...SHARES.map((share) => `up to ${share}%`), 'over 100%', 'no quota', 'not known'];

/** Whether something of a fleet is in no number, so that these are those of a part of it. */
export function isPartial({ unmeasured, unreadable }: UsageSummary): boolean {
  return unmeasured + unreadable > 0;
}

/** Adds up what was measured of a fleet, in a room that does not grow with it. */
export class UsageCounter {
  readonly #now: number;
  readonly #states = new Map<string, number>(INSTANCE_STATES.map((state) => [state, 0]));
  readonly #activity = new Map<string, number>(ACTIVITY_LABELS.map((label) => [label, 0]));
  readonly #shares = new Map<string, number>(SHARE_LABELS.map((label) => [label, 0]));
  readonly #apps = new Map<string, number>();
  #largest: UsageSummary['largest'] = [];
  #instances = 0;
  #unmeasured = 0;
  #unreadable = 0;
  #outside = 0;
  #diskUsed = 0;
  #files = 0;

  /** @param now milliseconds since 1970, from which ages are counted */
  constructor(now: number) {
    this.#now = now;
  }

  add(measured: MeasuredInstance): void {
    const { instance, measures, problems, outside } = measured;
    this.#instances += 1;
    increase(this.#states, instanceState(instance));
    if (outside !== undefined) {
      this.#outside += 1;
      return;
    }
    if (problems.length > 0) this.#unmeasured += 1;
    increase(this.#activity, this.#activityOf(measured));
    increase(this.#shares, shareLabel(measured));
    this.#files += measures.files ?? 0;
    for (const slug of new Set(measures.apps?.map((app) => app.slug.slice(0, MOST_OF_NAME)))) {
      if (this.#apps.has(slug) || this.#apps.size < MOST_APPS) increase(this.#apps, slug);
    }
    const { diskUsed, diskShare } = measures;
    if (diskUsed === undefined) return;
    this.#diskUsed += diskUsed;
    const domain = instance.domain.slice(0, MOST_OF_NAME);
    const entry = { domain, diskUsed, ...(diskShare !== undefined && { diskShare }) };
    this.#largest = [...this.#largest, entry].sort((a, b) => b.diskUsed - a.diskUsed).slice(0, LARGEST);
  }

  /** A document that should be an instance, and cannot be read. */
  addUnreadable(): void {
    this.#unreadable += 1;
  }

  summary(): UsageSummary {
    const apps = [...this.#apps].map(([slug, instances]) => ({ slug, instances }));
    return {
      instances: this.#instances,
      unmeasured: this.#unmeasured,
      unreadable: this.#unreadable,
      outside: this.#outside,
      states: barsOf(this.#states),
      activity: barsOf(this.#activity),
      shares: barsOf(this.#shares),
      diskUsed: this.#diskUsed,
      files: this.#files,
      largest: this.#largest,
      apps: apps.sort((a, b) => b.instances - a.instances || (a.slug < b.slug ? -1 : 1)),
    };
  }

  #activityOf({ measures: { lastActivity } }: MeasuredInstance): string {
    if (lastActivity === undefined) return 'not known';
    if (lastActivity.ms <= FLOOR_MS) return 'never';
    const days = (this.#now - lastActivity.ms) / DAY_MS;
    const within = ACTIVITY_DAYS.find((most) => days <= most);
    return within === undefined ? 'longer ago' : `within ${within} days`;
  }
}

function shareLabel({ measures: { diskUsed, diskShare } }: MeasuredInstance): string {
  if (diskUsed === undefined) return 'not known';
  if (diskShare === undefined) return 'no quota';
  const upTo = SHARES.find((most) => diskShare <= most);
  return upTo === undefined ? 'over 100%' : `up to ${upTo}%`;
}

function increase(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}

function barsOf(counts: ReadonlyMap<string, number>): UsageBar[] {
  return [...counts].map(([label, instances]) => ({ label, instances }));
}
