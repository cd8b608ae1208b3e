import type { Config } from '../../config/config.ts';
import { defined } from '../../defined.ts';
import { domainOf, type JobSpec } from '../../jobs/kinds/payload.ts';
import type { RowRequest } from '../../jobs/queue/enqueue.ts';
import type { SlugCount } from '../../operations/apps/slug-counter.ts';
import type { Couch } from '../../operations/connect/couch.ts';
import { planKeys, withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import type { BatchNaming, PreparedBatch } from '../../operations/instances/prepared-batch.ts';
import { GoingAppsCounter } from '../../operations/plan/going-apps-counter.ts';
import { type GuardQuestion, guardOfRows, guardSentence } from '../../operations/plan/guard.ts';
import { withPlanServices } from '../../operations/plan/open-plan.ts';
import { makePlan, type Plan, type PlannableWork } from '../../operations/plan/plan.ts';
import type { PlannedRow } from '../../operations/plan/plan-rows.ts';
import { type Unknown, VERDICTS, type Verdict } from '../../operations/plan/verdict.ts';
import { verdictDetail } from '../../operations/plan/verdict-text.ts';
import { headOf, planLines } from '../../operations/plan/write-plan.ts';
import { count, counted } from '../../quantity-text.ts';
import { currentActor } from '../terminal/actor.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import type { Output } from '../terminal/output.ts';
import { writeOutput } from '../terminal/output-file.ts';
import { programName } from '../terminal/program-name.ts';
import { rowsText } from '../terminal/table.ts';
import { besidePassedOver } from './run-prepared.ts';
import { slugLines } from './slug-lines.ts';

/** What a command that looks ahead answers with `--json`. */
export interface PlanAnswer {
  readonly plan: { readonly kind: Plan['kind']; readonly name: string; readonly file?: string };
  readonly counts: Plan['counts'];
  readonly rows: readonly PlanRowAnswer[];
  /** Applications that would be uninstalled, and from how many instances each; absent where none would. */
  readonly apps?: readonly SlugCount[];
  /** What would have to be said before it is run; absent where nothing has. */
  readonly guard?: GuardQuestion;
}

/** What is shown of a row. */
export interface ShownRow extends Pick<PlannedRow, 'domain' | 'verdict' | 'unknown'> {
  readonly request: { readonly row: number };
}

/** A row of it: the members of its verdict among its own. */
export type PlanRowAnswer = Verdict & {
  readonly row: number;
  readonly domain: string;
  readonly unknown: readonly Unknown[];
};

/** Where a command looks ahead, and where it says what it sees. */
export interface PlanCommand {
  readonly config: Config;
  readonly couch: Couch;
  readonly output: Output;
  /** Whether a person looks at a terminal. */
  readonly live: boolean;
  /** Where the plan is written to; undefined where it is only shown. */
  readonly file: string | undefined;
  /** How the batch of the plan is to be. */
  readonly naming: Pick<BatchNaming, 'name' | 'reason' | 'maxFailures' | 'steering' | 'tries'>;
}

/** Looks at all rows of the work and shows what would become of them: first how many of each, then each. */
export async function showPlan(
  command: PlanCommand,
  work: PlannableWork,
): Promise<CommandResult<PlanAnswer>> {
  const { config, couch, output, live, file } = command;
  const plan = await withPlanServices(config, couch, (services) => makePlan(services, work));
  if (file !== undefined) await writePlan(command, plan, file);
  const { kind, name, counts, rows } = plan;
  const apps = goingApps(rows);
  for (const line of shownLines(plan, apps, live)) output.line(line);
  const guard = await guardOfRows(couch.global, config.fleet.guardPercent, rows);
  if (guard !== undefined) output.note(`${guardSentence(guard)}: that number will be asked for.`);
  const answer = {
    plan: { kind, name, ...(file !== undefined && { file }) },
    counts,
    rows: rows.map(rowAnswer),
    ...(apps.length > 0 && { apps }),
    ...defined({ guard }),
  };
  return { answer, outcome: counts.toDo > 0 ? 'somethingToDo' : 'done' };
}

/** Writes a plan to a file. It is signed with the fleet's key, which is made where no worker has come first. */
export async function writePlan(
  { config, couch, output, naming }: Pick<PlanCommand, 'config' | 'couch' | 'output' | 'naming'>,
  plan: Plan,
  file: string,
): Promise<void> {
  const keys = await withKeyedFleet(config, couch.global, () => planKeys(couch.global));
  const head = headOf(plan, { ...keys, ...naming, by: currentActor() });
  await writeOutput(file, async (write) => {
    for (const line of planLines(head, plan, keys.sealKey)) await write(line);
  });
  const then =
    plan.counts.toDo === 0
      ? 'It has nothing to do.'
      : `Run just it: ${programName(process.env)} batches submit ${file}`;
  output.note(`The plan is in ${file}. ${then}`);
}

/** The same for a batch that was prepared, which is closed then. */
export async function planPrepared(
  command: PlanCommand,
  prepared: PreparedBatch,
): Promise<CommandResult<PlanAnswer>> {
  try {
    const { kind, name, rate } = prepared;
    const work = { kind, name, rate, requests: prepared.requests(command.naming.tries) };
    return besidePassedOver(await showPlan(command, work), prepared);
  } finally {
    await prepared.close();
  }
}

/** The same for a job of one instance. */
export async function planSingle(command: PlanCommand, work: JobSpec): Promise<CommandResult<PlanAnswer>> {
  const requests = onePage([{ row: 1, tries: command.naming.tries, work }]);
  return await showPlan(command, { kind: work.kind, name: domainOf(work), rate: undefined, requests });
}

/** Rows that are there already, as work is asked for. */
export async function* onePage(rows: readonly RowRequest[]): AsyncGenerator<readonly RowRequest[]> {
  yield rows;
}

export function rowAnswer({ request: { row }, domain, verdict, unknown }: ShownRow): PlanRowAnswer {
  return { row, domain, ...verdict, unknown };
}

function shownLines(plan: Plan, apps: readonly SlugCount[], live: boolean): string[] {
  const going = apps.length === 0 ? [] : ['uninstalled would be', ...slugLines(apps)];
  return [
    planHeading(plan),
    ...going,
    ...rowsText(
      PLAN_HEAD,
      plan.rows.map((row) => planCells(row)),
      live,
    ),
  ];
}

function goingApps(rows: Plan['rows']): readonly SlugCount[] {
  const counter = new GoingAppsCounter();
  for (const { request, verdict } of rows) {
    counter.add({ request, verdict: { fields: 'fields' in verdict ? verdict.fields : [] } });
  }
  return counter.counts();
}

/** How many rows a plan has of each verdict, in a line. @param onNoRow how many of them are instances that no row is about */
export function planHeading({ kind, counts }: Pick<Plan, 'kind' | 'counts'>, onNoRow = 0): string {
  const { toDo, unknown } = counts;
  const parts = VERDICTS.filter((verdict) => counts[verdict] > 0).map(
    (verdict) => `${count(counts[verdict])} ${verdict}`,
  );
  const odd = unknown === 0 ? [] : [`${count(unknown)} name what is not known here`];
  const rows = counts.rows - onNoRow;
  const others = onNoRow === 0 ? '' : `; ${counted(onNoRow, 'instance')} on no row`;
  const heading = `${kind}: ${counted(rows, 'row')}${others}, ${count(toDo)} with something to do`;
  return [heading, ...parts, ...odd].join('; ');
}

/** What `planCells` are. */
export const PLAN_HEAD = ['ROW', 'DOMAIN', 'VERDICT', 'WHAT'] as const;

/** A row of a plan as it is listed. @param isLine whether its number is that of a row that somebody wrote */
export function planCells({ request: { row }, domain, verdict, unknown }: ShownRow, isLine = true): string[] {
  const odd = unknown.map(({ what, name }) => `unknown ${what}: ${name}`);
  const what = [verdictDetail(verdict), ...odd].filter(Boolean).join('; ');
  return [isLine ? String(row) : '-', domain, verdict.verdict, what];
}
