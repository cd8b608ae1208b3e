import { FleetError, toError } from '../../errors.ts';
import { oneLine } from '../../safe-text.ts';

/** What is looked at, in the order in which it is shown. */
export const SUBJECTS = [
  'configuration',
  'redis',
  'couchdb',
  'definitions',
  'storage',
  'fleet',
  'pool',
  'dates',
  'workers',
  'registries',
  'stack-redis',
  'clocks',
  'serve',
] as const;

export type Subject = (typeof SUBJECTS)[number];

/** As an operator reads them. */
export const SUBJECT_NAMES: Readonly<Record<Subject, string>> = {
  configuration: 'Configuration',
  redis: 'Redis',
  couchdb: 'CouchDB',
  definitions: 'Definitions of indexes',
  storage: 'Storage',
  fleet: 'Fleet',
  pool: 'Pool',
  dates: 'Dates',
  workers: 'Workers',
  registries: 'Registries',
  'stack-redis': "The stack's Redis",
  clocks: 'Clocks',
  serve: 'Serve',
};

export type Verdict = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Finding {
  readonly subject: Subject;
  /** Short and stable, for machines: `eviction`, `disk`, ... */
  readonly check: string;
  readonly verdict: Verdict;
  /** What was found, as a sentence without its dot; never a secret. */
  readonly text: string;
  /** What to do, with the command or the setting where there is one; absent where all is well. */
  readonly advice?: string;
}

/** Makes the findings of one subject. */
export interface Findings {
  ok(check: string, text: string): Finding;
  warn(check: string, text: string, advice: string): Finding;
  fail(check: string, text: string, advice: string): Finding;
  /** @param thrown what a check has ended with; only errors of ours are known to be free of secrets */
  failed(check: string, thrown: unknown, what: string): Finding;
}

/** Texts of servers may be in them: they are made one line. */
export function findingsOf(subject: Subject): Findings {
  const make = (verdict: Verdict, check: string, text: string, advice?: string): Finding => ({
    subject,
    check,
    verdict,
    text: oneLine(text),
    ...(advice !== undefined && advice !== '' && { advice: oneLine(advice) }),
  });
  return {
    ok: (check, text) => make('ok', check, text),
    warn: (check, text, advice) => make('warn', check, text, advice),
    fail: (check, text, advice) => make('fail', check, text, advice),
    failed(check, thrown, what) {
      if (thrown instanceof FleetError) return make('fail', check, thrown.message, thrown.advice);
      const { name } = toError(thrown);
      const text =
        name === 'TimeoutError'
          ? `${what} did not answer in time`
          : `${what} could not be looked at (${name})`;
      return make('fail', check, text, 'Look whether it runs, at its load and its log, and ask again.');
    },
  };
}
