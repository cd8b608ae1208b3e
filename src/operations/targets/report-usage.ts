import { FleetError } from '../../errors.ts';
import { type InstanceFilter, isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { type KeptReport, keepReport, readKeptReport } from '../../usage/kept-report.ts';
import {
  type MeasuredInstance,
  READINGS,
  type Reading,
  type UsageServers,
} from '../../usage/measure-instance.ts';
import { UsageCounter, type UsageSummary } from '../../usage/usage-summary.ts';
import { meantInstances, type PassingOver } from './meant-instances.ts';
import { measuredInstances } from './measured-instances.ts';

/** How a fleet is measured. */
export interface UsageReport extends PassingOver {
  readonly filter: InstanceFilter;
  /** Milliseconds since 1970. */
  now(): number;
  /** Told of each instance, in their order. */
  onMeasured(measured: MeasuredInstance): void;
}

/** What a fleet is used for, and whether that was kept: only what is about all instances is. */
export interface MeasuredUsage {
  readonly summary: UsageSummary;
  readonly kept: boolean;
}

/** What is read for a report, and kept: whose instance it is, is not. */
export const KEPT_READINGS: ReadonlySet<Reading> = new Set(READINGS.filter((reading) => reading !== 'owner'));

/**
 * Measures all instances, or those that a filter means, and adds up what they are used for. What is about all of them is kept
 * for whoever looks later.
 * @throws CouchError where a server does not answer, or refuses our credentials
 */
export async function reportUsage(
  servers: UsageServers,
  { filter, now, onMeasured, onUnreadable, onUnmeasured }: UsageReport,
): Promise<MeasuredUsage> {
  const kept = isEmptyFilter(filter);
  const keeper = kept ? keepReport(servers.global, now) : undefined;
  const counter = new UsageCounter(now());
  const instances = meantInstances(servers, filter, {
    onUnreadable(unreadable) {
      counter.addUnreadable();
      onUnreadable(unreadable);
    },
    onUnmeasured,
  });
  for await (const measured of measuredInstances(instances, KEPT_READINGS, servers)) {
    counter.add(measured);
    onMeasured(measured);
    await keeper?.add(measured);
  }
  const summary = counter.summary();
  await keeper?.end(summary);
  return { summary, kept };
}

/** The report that was kept last. @throws FleetError `no_report` */
export async function requireKeptReport({ global }: Pick<UsageServers, 'global'>): Promise<KeptReport> {
  const report = await readKeptReport(global);
  if (report !== undefined) return report;
  throw new FleetError(
    'no_report',
    'no report of the instances was kept',
    'Make one, for all instances: cozy-fleet instances report.',
  );
}
