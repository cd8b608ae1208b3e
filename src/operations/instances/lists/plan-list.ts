import { describeUnreadable, type ReadResult } from '../../../instances/lookup/classify-document.ts';
import type { DocumentFilter } from '../../../instances/lookup/instance-filter.ts';
import { classifyByIds } from '../../../instances/lookup/lookup.ts';
import { MIXED } from '../../../jobs/batches/batch-kind.ts';
import type { JobSpec } from '../../../jobs/kinds/payload.ts';
import type { Problem } from '../../input/check-rows.ts';
import type { Plan, PlanScope } from '../../plan/plan.ts';
import { type PlannedRow, type PlanServices, planRows } from '../../plan/plan-rows.ts';
import { settingsOf, sideBySide } from '../../plan/surroundings.ts';
import { countPlan, type Verdict } from '../../plan/verdict.ts';
import type { RowPassphrases } from '../creation-chunks.ts';
import { createOrganizations } from '../organizations.ts';
import { doubtsBesideOthers } from './doubts-beside-others.ts';
import { instanceApps } from './instance-apps.ts';
import { judgeListed, type ListedQuestions, type ListedWork, notInstalled } from './judge-row.ts';
import { judgeUnlisted } from './judge-unlisted.ts';
import { type FoundWork, listRequests } from './list-requests.ts';
import type { GoodListRow } from './list-row.ts';
import { type KnownInstance, type ListedFleet, readListedFleet } from './listed-fleet.ts';
import { namedInstances } from './named-instances.ts';
import type { CheckedList } from './open-list.ts';
import { type ListMoment, readPruneFacts } from './prune-facts.ts';

/** Instances that are on no list are to go. */
export interface PruneOrder extends ListMoment {
  /** Which may go at all; each job asks it again. */
  readonly scope: DocumentFilter;
  readonly skipAccounts: boolean;
}

/** What is to be done by a list. */
export interface ListOrder {
  /** What its batch would be called. */
  readonly name: string;
  readonly tries: number;
  /** Undefined where nothing is to be removed. */
  readonly prune: PruneOrder | undefined;
  /** Absent where no passphrase is to be sealed, for a plan that is only shown. */
  readonly passphrases?: RowPassphrases | undefined;
}

/** A row, or an instance on no list, with which nothing is done. */
export interface SettledRow {
  /** Line in the list; of an instance on no list a number behind all of them. */
  readonly row: number;
  readonly domain: string;
  readonly verdict: Verdict;
}

/** What a list would do to the fleet. `rows` are those for which there is work, or was when it was looked for. */
export interface ListPlan extends Plan {
  /** Rows that ask for nothing that is not so, that nobody may work on, and instances on no list. */
  readonly settled: readonly SettledRow[];
  /** Last line that has a row. What is about an instance on no row has a greater number, which is no line. */
  readonly lastLine: number;
  readonly scope: PlanScope;
  /** What is odd about rows for which there is work, beside the instances that exist. */
  readonly doubts: readonly (Problem & { readonly line: number })[];
}

/** Rows whose documents are read at a time. */
const PAGE = 200;

/** What came of comparing. */
interface Found extends FoundWork {
  readonly settled: SettledRow[];
}

/** Compares a list with the fleet; nothing is written and nothing is queued. */
export async function planList(
  services: PlanServices,
  list: CheckedList,
  order: ListOrder,
): Promise<ListPlan> {
  const { name, prune } = order;
  const fleet = await readListedFleet(services.global, prune?.scope, services.signal);
  const found: Found = {
    ...{ creations: [], changes: [], removals: [], settled: [] },
    organizations: createOrganizations(),
    joined: new Set(),
  };
  const listed = new Set<KnownInstance>();
  let lastLine = 0;
  for await (const page of list.goodPages()) {
    for (const part of slicesOf(page))
      await compare(services, part, { fleet, listed, found, tries: order.tries });
    lastLine = page.reduce((most, { line }) => Math.max(most, line), lastLine);
  }
  const unlisted = fleet.instances.filter((instance) => !listed.has(instance));
  await judgeRest(services, { fleet, unlisted, found, order, lastLine, file: list.file });

  const rows: PlannedRow[] = [];
  for await (const page of planRows(services, listRequests(found, order, list.file))) rows.push(...page);
  const { settled } = found;
  const counted = [...rows, ...settled.map(({ verdict }) => ({ verdict, unknown: [] }))];
  const pruned = rows.filter(({ verdict }) => verdict.verdict === 'destroy').length;
  const inScope = fleet.instances.filter((instance) => instance.inScope).length;
  const facts = { kind: MIXED, name, rate: undefined, counts: countPlan(counted) } as const;
  const doubts = await doubtsBesideOthers(services, found, fleet);
  return { ...facts, rows, settled, lastLine, scope: { pruned, inScope }, doubts };
}

function* slicesOf(page: readonly GoodListRow[]): Generator<readonly GoodListRow[]> {
  for (let at = 0; at < page.length; at += PAGE) yield page.slice(at, at + PAGE);
}

interface Comparison {
  readonly fleet: ListedFleet;
  readonly listed: Set<KnownInstance>;
  readonly found: Found;
  readonly tries: number;
}

async function compare(
  services: PlanServices,
  page: readonly GoodListRow[],
  { fleet, listed, found, tries }: Comparison,
): Promise<void> {
  const named = page.map((row) => namedInstances(row, fleet));
  for (const each of named.flatMap((names) => names.named)) listed.add(each);
  for (const row of page) {
    const { orgId } = orgOf(row);
    if (orgId !== undefined) found.joined.add(orgId.toLowerCase());
  }
  const documents = await readDocuments(
    services,
    named.flatMap(({ own }) => (own === undefined ? [] : [own])),
  );
  const ask = questions(services);
  const oneOfSome = sideBySide();
  const judged = await Promise.all(
    page.map((row, at) =>
      oneOfSome(async () => {
        const names = named[at];
        if (names === undefined) return undefined;
        return { row, work: await judgeListed(row, names, documents.get(names.own?.seen.id ?? ''), ask) };
      }),
    ),
  );
  for (const each of judged) if (each !== undefined) note(found, each.row, each.work, tries);
}

/** Adds what a row asks for to what was found of those before it. */
function note(found: Found, row: GoodListRow, work: ListedWork, tries: number): void {
  const { line, original: columns } = row;
  switch (work.work) {
    case 'create':
      found.creations.push(row);
      found.organizations.add(line, { ...orgOf(row), domain: row.domain });
      return;
    case 'change':
      found.changes.push({ row: line, tries, work: work.task, original: { columns } });
      if (joins(work.task)) found.organizations.add(line, { ...orgOf(row), domain: row.domain });
      return;
    case 'none':
      found.settled.push({ row: line, domain: work.domain, verdict: work.verdict });
      return;
    default:
      work satisfies never;
  }
}

/** The organization that a row says, if any. */
function orgOf({ changes, creation }: GoodListRow): { readonly orgId?: string } {
  const orgId = changes.orgId ?? creation?.options.orgId;
  return orgId === undefined ? {} : { orgId };
}

function joins(task: JobSpec): boolean {
  return (task.kind === 'modify' || task.kind === 'modify-and-install') && task.changes.orgId !== undefined;
}

function questions(services: PlanServices): ListedQuestions {
  return {
    settings: (instance) => settingsOf(services, instance),
    async missingApps(instance, apps) {
      const { slugs, sources } = await instanceApps(services, instance, services.signal);
      return notInstalled(apps, slugs, sources);
    },
  };
}

/** Documents of instances as they are now, by their ids; those that are gone are not among them. */
async function readDocuments(
  { global, signal }: Pick<PlanServices, 'global' | 'signal'>,
  instances: readonly KnownInstance[],
): Promise<ReadonlyMap<string, ReadResult>> {
  return await classifyByIds(
    global,
    instances.map(({ seen }) => seen.id),
    signal,
  );
}

interface Rest {
  readonly fleet: ListedFleet;
  readonly unlisted: readonly KnownInstance[];
  readonly found: Found;
  readonly order: ListOrder;
  readonly lastLine: number;
  /** The list, as it is shown. */
  readonly file: string;
}

/** Judges the instances that no row is about; where some are to go, only those that may. */
async function judgeRest(
  services: PlanServices,
  { fleet, unlisted, found, order, lastLine, file }: Rest,
): Promise<void> {
  const { prune, tries } = order;
  const meant = prune === undefined ? unlisted : unlisted.filter(({ inScope }) => inScope);
  const factsOf = prune && (await readPruneFacts(services, meant, prune, found.joined, file));
  let row = lastLine;
  for (const instance of meant) {
    row += 1;
    const { domain, seen, rev } = instance;
    const judged = judgeUnlisted(instance, fleet, factsOf?.(instance));
    if (judged.unlisted !== 'prune') {
      const { unlisted: how, ...reason } = judged;
      found.settled.push({
        row,
        domain,
        verdict: { verdict: how === 'held' ? 'held' : 'unlisted', ...reason },
      });
      continue;
    }
    if (prune === undefined) continue;
    const { scope: filter, skipAccounts } = prune;
    const unless = { unlessMembers: true, unlessChanged: rev } as const;
    found.removals.push({
      row,
      tries,
      work: { kind: 'destroy', domain, skipAccounts, resume: false, seen, filter, ...unless },
    });
  }
  for (const unreadable of fleet.unreadable) {
    row += 1;
    const message = describeUnreadable(unreadable);
    const verdict: Verdict = {
      verdict: 'held',
      code: 'unreadable',
      message,
      advice: 'Nothing is done to it.',
    };
    found.settled.push({ row, domain: unreadable.domain, verdict });
  }
}
