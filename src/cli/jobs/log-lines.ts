import { fieldText, type LogLevel } from '../../logger.ts';
import type { LoggedLine } from '../../operations/jobs/job-log.ts';
import { oneLine } from '../../safe-text.ts';

/** Levels of what is kept of a job, the most severe first. */
export const KEPT_LEVELS = ['error', 'warn', 'info'] as const satisfies readonly LogLevel[];

/** Whether a line is at least that severe; one that cannot be read is always shown. */
export function isShown(line: LoggedLine, least: (typeof KEPT_LEVELS)[number]): boolean {
  return line === 'unreadable' || KEPT_LEVELS.indexOf(line.level) <= KEPT_LEVELS.indexOf(least);
}

/** Characters of a worker's id that tell it from the others. */
const SHORT_ID = 8;

/** A line for people: time, level, worker, stage, message, and what else it says. */
export function logLineText(line: LoggedLine): string {
  if (line === 'unreadable') return '(a line that is none of ours)';
  const { time, level, message, worker = '', stage = '-', ...fields } = line;
  const rest = Object.entries(fields).map(fieldText);
  return oneLine(
    [time, level.padEnd(5), worker.slice(0, SHORT_ID).padEnd(SHORT_ID), stage, message, ...rest].join(' '),
  );
}
