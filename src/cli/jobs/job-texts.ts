import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import { untoldText } from '../../jobs/queue/untold-text.ts';
import type { JobFacts } from '../../operations/jobs/job-facts.ts';
import { readableDuration } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';
import { rowsText } from '../terminal/table.ts';
import { archiveText } from './archive-text.ts';

export const JOB_HEAD = ['JOB', 'KIND', 'STATE', 'DOMAIN', 'STAGE', 'TRIES', 'BATCH', 'ERROR'];

/** Under the value, so that no text of others looks like a line of ours. */
const CONTINUED = `\n${' '.repeat(12)}`;

/** A job as `jobs ls` lists it. */
export function jobCells(job: JobFacts): string[] {
  const { jobId, kind, state, domain, stages, tries, batch, lastError = '' } = job;
  const stage = state === 'done' ? '' : stageLabel(stages.at(-1)?.stage ?? '');
  // The advice comes on lines of its own, which a list has no room for.
  const [error = ''] = state === 'failed' || state === 'retrying' ? lastError.split('\n') : [];
  return [jobId, kind, state, domain, stage, String(tries), batch?.id ?? '', error];
}

/** Everything about one job, its stages as a table. */
export function jobLines(job: JobFacts, live: boolean): string[] {
  const { by, reason, archive, untold, waitsOn, after } = job;
  const { jobId, kind, state, outcome, domain, batch, createdAt, endedAt, tries, retries, lastError } = job;
  const facts: (readonly [label: string, value: string | undefined])[] = [
    ['Job', jobId],
    ['Kind', kind],
    ['Domain', domain],
    ['State', outcome === undefined ? state : `${state} (${outcome})`],
    ['Batch', batch && `${batch.id}, line ${batch.row}`],
    ['By', by],
    ['Reason', reason],
    ['Queued', createdAt],
    ['Ended', endedAt],
    ['Tries', String(tries)],
    ['Retries', retries === 0 ? undefined : String(retries)],
    ['Archive', archive && archiveText(archive)],
    ['Not told', untold && untoldText(untold)],
    ['Comes after', after?.join(', ')],
    ['Waits', waitsOn && `with the worker on ${waitsOn}; another one may take it, and no try is spent`],
    [state === 'failed' ? 'Error' : 'Last error', lastError],
  ];
  const known = facts.flatMap(([label, value]) =>
    value === undefined ? [] : [`${label.padEnd(11)} ${value.split('\n').map(oneLine).join(CONTINUED)}`],
  );
  return [
    ...known,
    ...(job.stages.length === 0 ? [] : ['', ...stageLines(job, live)]),
    ...(job.apps.length === 0 ? [] : ['', ...appLines(job, live)]),
  ];
}

function stageLines({ stages }: JobFacts, live: boolean): string[] {
  const rows = stages.map(({ stage, state, tries, ms }) => [
    stageLabel(stage),
    state,
    String(tries),
    ms === undefined ? '' : String(ms),
  ]);
  return rowsText(['STAGE', 'STATE', 'TRIES', 'MS'], rows, live);
}

function appLines({ apps }: JobFacts, live: boolean): string[] {
  const rows = apps.map(({ app, state, version = '', tries, code, error = '', reason = '' }) => [
    app,
    state,
    version,
    String(tries),
    code === undefined ? reason : `${code}: ${error}`,
  ]);
  return rowsText(['APPLICATION', 'STATE', 'VERSION', 'TRIES', 'WHY'], rows, live);
}

/** One stage of a job that is watched. @param ms milliseconds it took */
export function stageLine(stage: string, state: string, ms: number | undefined): string {
  const time = ms === undefined ? '' : `  ${ms < 10_000 ? `${ms} ms` : readableDuration(ms)}`;
  return `${stageLabel(stage).padEnd(13)} ${state}${time}`;
}
