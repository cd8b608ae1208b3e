import type { ErrorCode } from '../../error-codes.ts';
import type { FieldChange } from '../../instances/change/compare-fields.ts';
import { Refusal } from '../../instances/errors.ts';

/** By what a name that is wanted is another instance's. */
export type TakenBy = 'domain' | 'alias' | 'former domain' | 'ambiguous' | 'another person';

/** Why a row is not, or not now, to be worked on. */
interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
  /** What the operator can do about it; may be empty. */
  readonly advice: string;
}

/** What is to be said beside what was compared. */
interface Noted {
  /** Why something stays as it is that might be expected to change; absent where nothing does. */
  readonly notes?: readonly string[];
}

/** What a row of work would do to its instance, as everything is at this moment. */
export type Verdict =
  /** It would be created, with these values. */
  | { readonly verdict: 'new'; readonly fields: readonly FieldChange[] }
  /** It is there, and otherwise than the row says: a creation leaves it as it is. */
  | { readonly verdict: 'exists'; readonly fields: readonly FieldChange[] }
  /** It is there, and nothing would change. `fields` is what was compared. */
  | ({ readonly verdict: 'same'; readonly fields: readonly FieldChange[] } & Noted)
  /** It would change. `fields` is what was compared; some may stay as they are. */
  | ({ readonly verdict: 'change'; readonly fields: readonly FieldChange[] } & Noted)
  /** These applications would be installed. */
  | { readonly verdict: 'install'; readonly apps: readonly string[] }
  /** It would be destroyed. */
  | { readonly verdict: 'destroy'; readonly fields: readonly FieldChange[] }
  /** This would be put right. */
  | { readonly verdict: 'repair'; readonly findings: readonly string[] }
  /** So many documents would be removed, by doctype; more or fewer by the time it is done. */
  | { readonly verdict: 'clean'; readonly documents: Readonly<Record<string, number>> }
  /** It would be looked at, and nothing would change. */
  | { readonly verdict: 'check' }
  /** One of its names is another's. */
  | ({ readonly verdict: 'taken'; readonly by: TakenBy } & Reason)
  /** A creation holds the domain. */
  | ({
      readonly verdict: 'reserved';
      /** Whether the same creation would go on with it. */
      readonly resumes: boolean;
    } & Reason)
  | ({ readonly verdict: 'deleting' } & Reason)
  | ({ readonly verdict: 'absent' } & Reason)
  /** It names, or is, what no list decides on: somebody has to look at it. */
  | ({ readonly verdict: 'held' } & Reason)
  /** It is there, and no row of a list is about it. */
  | ({ readonly verdict: 'unlisted' } & Reason)
  /** A rule of the workers forbids it. */
  | ({ readonly verdict: 'refused' } & Reason);

export type VerdictName = Verdict['verdict'];

/** In the order in which they are counted for people. */
export const VERDICTS = [
  'new',
  'change',
  'install',
  'destroy',
  'repair',
  'clean',
  'check',
  'same',
  'exists',
  'taken',
  'reserved',
  'deleting',
  'absent',
  'held',
  'unlisted',
  'refused',
] as const satisfies readonly VerdictName[];

/** Something that a row names and that is not known here; the row is worked on all the same. */
export interface Unknown {
  readonly what: 'context' | 'application' | 'registry';
  readonly name: string;
  /** Why it is said, where that is more than that it is not known. */
  readonly reason?: string | undefined;
}

/** Whether a job for the row would have something to do. */
export function hasWork(verdict: Verdict): boolean {
  return isPlannedWork(verdict);
}

/** The same of what a file keeps of a verdict. */
export function isPlannedWork({
  verdict,
  resumes = false,
}: {
  readonly verdict: VerdictName;
  readonly resumes?: boolean | undefined;
}): boolean {
  return WORK.has(verdict) || (verdict === 'reserved' && resumes);
}

const WORK: ReadonlySet<VerdictName> = new Set([
  'new',
  'change',
  'install',
  'destroy',
  'repair',
  'clean',
  'check',
]);

/** How many rows there are of each verdict. */
export interface PlanCounts extends Readonly<Record<VerdictName, number>> {
  readonly rows: number;
  /** Rows for which a job would have something to do. */
  readonly toDo: number;
  /** Rows that name something that is not known here. */
  readonly unknown: number;
}

/** What is counted of a row. */
export interface CountedRow {
  readonly verdict: Verdict;
  readonly unknown: readonly Unknown[];
}

export function countPlan(rows: readonly CountedRow[]): PlanCounts {
  const counts = Object.fromEntries(VERDICTS.map((name) => [name, 0]));
  let toDo = 0;
  let unknown = 0;
  for (const row of rows) {
    const { verdict: name } = row.verdict;
    counts[name] = (counts[name] ?? 0) + 1;
    if (hasWork(row.verdict)) toDo += 1;
    if (row.unknown.length > 0) unknown += 1;
  }
  const of = (name: VerdictName): number => counts[name] ?? 0;
  return {
    rows: rows.length,
    toDo,
    unknown,
    new: of('new'),
    change: of('change'),
    install: of('install'),
    destroy: of('destroy'),
    repair: of('repair'),
    clean: of('clean'),
    check: of('check'),
    same: of('same'),
    exists: of('exists'),
    taken: of('taken'),
    reserved: of('reserved'),
    deleting: of('deleting'),
    absent: of('absent'),
    held: of('held'),
    unlisted: of('unlisted'),
    refused: of('refused'),
  };
}

/** What a rule says that was asked, as a verdict; whatever else is thrown is no verdict. */
export function judged(judge: () => Verdict): Verdict {
  try {
    return judge();
  } catch (error) {
    if (error instanceof Refusal) return verdictOf(error);
    throw error;
  }
}

/** The verdict that a refusal stands for. */
export function verdictOf(refusal: Refusal, by: TakenBy = 'domain'): Verdict {
  const { code, message, advice } = refusal;
  const reason = { code, message, advice };
  switch (code) {
    case 'taken':
      return { verdict: 'taken', by, ...reason };
    case 'old_domain':
      return { verdict: 'taken', by: 'former domain', ...reason };
    case 'reserved':
    case 'provisioning':
      return { verdict: 'reserved', resumes: false, ...reason };
    case 'deleting':
      return { verdict: 'deleting', ...reason };
    case 'not_found':
      return { verdict: 'absent', ...reason };
    default:
      return { verdict: 'refused', ...reason };
  }
}
