import { parseSource } from '../../apps/app-source.ts';
import { chunks } from '../../chunk.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { InputError } from '../../errors.ts';
import { joinsOrganization } from '../../instances/change/refuse-unfit-member.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { Refusal } from '../../instances/errors.ts';
import { namesOfTask, type TaskOf } from '../../jobs/kinds/job-kinds.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import type { BatchRow } from '../batches/queue-rows.ts';
import { type AnnouncedApps, type JudgedRow, judgeAppUpdates } from './judge-app-updates.ts';
import { judgeJobPurge, judgeResetLink, judgeSessionCleaning } from './judge-care.ts';
import { judgeCreation } from './judge-creation.ts';
import {
  type ExistingWork,
  judgeChangeAndInstallation,
  judgeDestruction,
  judgeExport,
  judgeInstallation,
  judgeModification,
  judgeRepair,
  judgeUninstallation,
  meantInstance,
  refuseUnmeasured,
} from './judge-existing.ts';
import { konnectorsOfStack, type StackReach } from './konnector-accounts.ts';
import {
  databasesLeft,
  installedApps,
  lookAround,
  type NamesAround,
  type Surveyor,
  settingsOf,
  sideBySide,
} from './surroundings.ts';
import { judged, type Unknown, type Verdict, verdictOf } from './verdict.ts';

/** Where rows are judged. */
export interface PlanServices extends Surveyor, AnnouncedApps, StackReach {
  readonly global: CouchServer;
  /** What the configuration, and those whom it names, say of a row. */
  unknownOf(work: JobSpec): Promise<readonly Unknown[]>;
  /** Name of the storage in which files of that domain are; undefined where there are none, or nobody here can tell. */
  filesLeft(domain: string): Promise<string | undefined>;
  /** What a repair would put right. */
  repairable(
    work: Extract<JobSpec, { kind: 'repair' }>,
    instance: StoredInstance,
  ): Promise<readonly string[]>;
}

/** A row of work, and what would become of it by now. */
export interface PlannedRow {
  readonly request: BatchRow;
  readonly domain: string;
  readonly verdict: Verdict;
  readonly unknown: readonly Unknown[];
}

/** Rows whose names are looked up at a time. */
const PAGE = 250;

/** Judges rows in their order, page by page; nothing is written and nothing is queued. */
export async function* planRows(
  services: PlanServices,
  requests: AsyncIterable<readonly BatchRow[]>,
): AsyncGenerator<readonly PlannedRow[]> {
  const oneOfSome = sideBySide();
  for await (const page of chunks(each(requests), PAGE)) {
    const names = page.flatMap(({ work }) => namesOfTask(work));
    const around = await lookAround(services, names);
    yield await Promise.all(
      page.map((request) =>
        oneOfSome(async () => {
          const { work } = request;
          const [domain] = namesOfTask(work);
          const [{ verdict, unknown }, more] = await Promise.all([
            judge(services, work, around),
            services.unknownOf(work),
          ]);
          return { request, domain, verdict, unknown: [...unknown, ...more] };
        }),
      ),
    );
  }
}

async function* each(pages: AsyncIterable<readonly BatchRow[]>): AsyncGenerator<BatchRow> {
  for await (const page of pages) yield* page;
}

async function judge(services: PlanServices, work: JobSpec, around: NamesAround): Promise<JudgedRow> {
  if (work.kind === 'create') {
    const verdict = await judgeCreation(work.options, around, {
      settings: (instance) => settingsOf(services, instance),
      databasesLeft: (domain) => databasesLeft(services, domain),
      filesLeft: (domain) => services.filesLeft(domain),
    });
    return { verdict, unknown: [] };
  }
  // Plans are about instances: no command plans it.
  if (work.kind === 'fill-pool') throw new Error('a pool is filled by no plan');
  try {
    const instance = meantInstance(work, around);
    await refuseUnmeasured(work, instance, services, services.signal);
    if (work.kind === 'update-apps') {
      const installed = await installedApps(services, instance, work.apps);
      return await judgeAppUpdates(services, work, instance, installed);
    }
    return { verdict: await judgeWork(services, work, instance, around), unknown: [] };
  } catch (error) {
    if (error instanceof Refusal) return { verdict: verdictOf(error), unknown: [] };
    throw error;
  }
}

async function judgeWork(
  services: PlanServices,
  work: Exclude<ExistingWork, { kind: 'update-apps' }>,
  instance: StoredInstance,
  around: NamesAround,
): Promise<Verdict> {
  switch (work.kind) {
    case 'modify':
      return await judgeChange(services, work, instance, around);
    case 'modify-and-install':
      return judgeChangeAndInstallation(
        await judgeChange(services, work, instance, around),
        await judgeApps(services, work, instance),
      );
    case 'destroy':
      return judged(() => judgeDestruction(work, instance, around));
    case 'export':
      return judged(() => judgeExport(work, instance, around));
    case 'install-apps':
      return await judgeApps(services, work, instance);
    case 'uninstall-apps': {
      const installed = await installedApps(services, instance, work.apps);
      const kept = await konnectorsOfStack(services, instance, installed);
      return judged(() => judgeUninstallation(work, instance, installed, kept));
    }
    case 'reset-links':
      return judged(() => judgeResetLink(work, instance));
    case 'clean-sessions':
      return await judgeSessionCleaning(services, work, instance);
    case 'purge-jobs':
      return await judgeJobPurge(services, work, instance);
    case 'fsck':
      return { verdict: 'check' };
    case 'repair': {
      const early = judged(() => judgeRepair(work, instance, []));
      if (early.verdict !== 'same' || isReservation(instance)) return early;
      const findings = await services.repairable(work, instance);
      return judged(() => judgeRepair(work, instance, findings));
    }
    default:
      return work satisfies never;
  }
}

async function judgeChange(
  services: PlanServices,
  work: Pick<TaskOf<'modify'>, 'changes'>,
  instance: StoredInstance,
  around: NamesAround,
): Promise<Verdict> {
  const needsSettings = work.changes.settings !== undefined || joinsOrganization(instance, work.changes);
  const settings = needsSettings ? await settingsOf(services, instance) : undefined;
  return judged(() => judgeModification(work, instance, around, settings));
}

async function judgeApps(
  services: PlanServices,
  work: Pick<TaskOf<'install-apps'>, 'apps'>,
  instance: StoredInstance,
): Promise<Verdict> {
  const slugs = new Map(work.apps.map((app) => [app, slugOf(app)]));
  const known = [...slugs.values()].filter((slug) => slug !== undefined);
  const installed = await installedApps(services, instance, known);
  return judged(() => judgeInstallation(work, instance, slugs, installed));
}

/** The slug of an application from a registry; what else is installed under, only its manifest tells. */
export function slugOf(app: string): string | undefined {
  try {
    const source = parseSource(app);
    return source.kind === 'registry' ? source.slug : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
