import { sizeText } from '../../instances/options/disk-quota.ts';
import { count, counted, readableDuration } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';
import type { KeptReport } from '../../usage/kept-report.ts';
import { isPartial, type UsageBar, type UsageSummary } from '../../usage/usage-summary.ts';

/** Characters of the longest bar. */
const LONGEST = 30;

/** Eighths of a block, from none to seven. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Applications that are shown; programs get more. */
const MOST_APPS = 15;

/** What a fleet is used for, with a bar for each number. */
export function usageLines(summary: UsageSummary): string[] {
  const { instances, unmeasured, unreadable, outside, diskUsed, files, largest, apps } = summary;
  const large = largest.map(({ domain, diskUsed: bytes, diskShare: share }) => {
    const of = share === undefined ? '' : ` (${share}% of its quota)`;
    return { label: oneLine(domain), amount: bytes, text: `${sizeText(bytes)}${of}` };
  });
  const common = apps.slice(0, MOST_APPS).map(({ slug, instances: number }) => {
    return { label: oneLine(slug), amount: number, text: count(number) };
  });
  return [
    `${counted(instances, 'instance')}, ${counted(files, 'file')}, ${sizeText(diskUsed)}`,
    ...(outside === 0 ? [] : [`${count(outside)} are being made or removed, and were not measured.`]),
    ...(unmeasured === 0 ? [] : [`Of ${count(unmeasured)} not all could be told.`]),
    ...(unreadable === 0
      ? []
      : [`Documents that cannot be read, and are in no number: ${count(unreadable)}.`]),
    ...chart('Last activity', summary.activity.map(numbered)),
    ...chart('Share of the quota', summary.shares.map(numbered)),
    ...chart('State', summary.states.map(numbered)),
    ...chart('Largest', large),
    ...chart('Applications', common),
  ];
}

/** How old a report is, and what it does not say. @param now milliseconds since 1970 */
export function keptText({ startedAt, summary }: KeptReport, now: number): string {
  const when = new Date(startedAt).toISOString().replace(/\.\d+Z$/, 'Z');
  const age = readableDuration(Math.max(0, now - startedAt));
  const { unmeasured, unreadable } = summary;
  const lacking = [
    ...(unmeasured === 0 ? [] : [`of ${counted(unmeasured, 'instance')} not all could be told`]),
    ...(unreadable === 0 ? [] : [`documents that could not be read: ${count(unreadable)}`]),
  ];
  const partial = isPartial(summary) ? `; it is partial: ${lacking.join(', ')}` : '';
  return `From the report of ${when}, ${age} old${partial}.`;
}

interface Bar {
  readonly label: string;
  readonly amount: number;
  /** The amount, for people. */
  readonly text: string;
}

function numbered({ label, instances }: UsageBar): Bar {
  return { label, amount: instances, text: count(instances) };
}

function chart(title: string, bars: readonly Bar[]): string[] {
  if (bars.length === 0) return [];
  const most = Math.max(...bars.map(({ amount }) => amount), 1);
  const width = Math.max(...bars.map(({ label }) => Array.from(label).length));
  const lines = bars.map(({ label, amount, text }) => {
    const padding = ' '.repeat(width - Array.from(label).length);
    return `  ${label}${padding}  ${barOf(amount / most).padEnd(LONGEST)}  ${text}`;
  });
  return ['', title, ...lines];
}

/** @param part from 0 to 1; more than nothing is never shown as nothing */
function barOf(part: number): string {
  const eighths = part === 0 ? 0 : Math.max(1, Math.round(part * LONGEST * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
