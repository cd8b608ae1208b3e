import pLimit from 'p-limit';
import { parseSource } from '../../apps/app-source.ts';
import { AppError } from '../../apps/errors.ts';
import { appHosts } from '../../apps/fetch/app-hosts.ts';
import { createAppHttp } from '../../apps/fetch/http.ts';
import { type RegistryVersion, resolveVersion } from '../../apps/fetch/registry.ts';
import { type Config, clustersOpenToCreation } from '../../config/config.ts';
import { registriesFor } from '../../config/registries.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { checkInstance } from '../../instances/fsck/check-instance.ts';
import { repairableOf } from '../../instances/fsck/is-repairable.ts';
import { createPrefixIndex } from '../../instances/lookup/prefix-index.ts';
import { contextDoubts } from '../../instances/options/value-doubts.ts';
import { platformIndexes } from '../../instances/platform/platform-indexes.ts';
import { appsOfTask } from '../../jobs/kinds/job-kinds.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { StorageError, UnsafePath } from '../../storage/errors.ts';
import { fileStorage } from '../../storage/file-storage.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Couch } from '../connect/couch.ts';
import type { AnnouncedApps } from './judge-app-updates.ts';
import type { PlanServices } from './plan-rows.ts';
import type { Unknown } from './verdict.ts';

/** Instances that are checked for a repair at a time: each holds its index of files. */
const REPAIRS_AT_A_TIME = 4;

/**
 * Opens what a plan asks for the time of `work`. Files are looked at where the storage is on this machine; elsewhere
 * nothing is said of them.
 */
export async function withPlanServices<T>(
  config: Config,
  couch: Couch,
  work: (services: PlanServices) => Promise<T>,
  signal: AbortSignal = new AbortController().signal,
): Promise<T> {
  const { global, cluster } = couch;
  const apps = openAppQuestions(config, signal);
  const storage = await storageHere(config);
  const prefixIndex = createPrefixIndex(global);
  const open = clustersOpenToCreation(config).map((index) => cluster(index));
  const surveyor = { global, cluster, prefixIndex, signal, openServers: [...new Set(open)] };
  try {
    return await work({
      ...surveyor,
      contexts: config.contexts,
      hasStackJobs: config.stackRedis?.jobs !== undefined,
      announced: apps.announced,
      repairable: repairQuestions(config, { global, cluster, prefixIndex, storage, signal }),
      async unknownOf(task) {
        const context = contextOf(task);
        const doubts = context === undefined ? [] : contextDoubts(context, Object.keys(config.contexts));
        return [
          ...doubts.map((): Unknown => ({ what: 'context', name: context ?? '' })),
          ...(await apps.unknownOf(appsOfTask(task), context)),
        ];
      },
      async filesLeft(domain) {
        return storage !== undefined && (await storage.hasFiles(domain)) ? storage.name : undefined;
      },
    });
  } finally {
    await apps.close();
  }
}

function contextOf(task: JobSpec): string | undefined {
  if (task.kind === 'create') return task.options.context;
  return task.kind === 'modify' || task.kind === 'modify-and-install' ? task.changes.context : undefined;
}

/** Undefined where it is not on this machine. */
async function storageHere({ storage: { root } }: Config): Promise<Storage | undefined> {
  const storage = fileStorage(root);
  try {
    await storage.free();
    return storage;
  } catch {
    return undefined;
  }
}

interface AppQuestions {
  /** Applications that no registry knows, and registries that did not say. @param context of the instance */
  unknownOf(apps: readonly string[], context: string | undefined): Promise<readonly Unknown[]>;
  /** What a registry announces. @param context of the instance @throws AppError where none does, or one does not say */
  announced: AnnouncedApps['announced'];
  close(): Promise<void>;
}

/** Asks registries, once for each application and list of registries. */
function openAppQuestions(config: Config, signal: AbortSignal): AppQuestions {
  const http = createAppHttp(appHosts(Object.values(config.registries).flat(), config.fleet.appHosts));
  const asked = new Map<string, Promise<Unknown | undefined>>();
  const announcements = new Map<string, Promise<RegistryVersion>>();

  async function askFor(app: string, registries: readonly string[]): Promise<Unknown | undefined> {
    const source = parseSource(app);
    if (source.kind !== 'registry') return undefined;
    try {
      await resolveVersion(source, registries, http, signal);
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const what = error.code === 'app_not_found' ? 'application' : 'registry';
      return { what, name: app, reason: error.message };
    }
  }

  return {
    async unknownOf(apps, context) {
      const registries = registriesFor(config.registries, context);
      const found = await Promise.all(
        apps.map((app) => {
          const key = JSON.stringify([app, registries]);
          const asking = asked.get(key) ?? askFor(app, registries);
          asked.set(key, asking);
          return asking;
        }),
      );
      return found.filter((each) => each !== undefined);
    },
    async announced(source, context) {
      const registries = registriesFor(config.registries, context);
      const key = JSON.stringify([source.text, registries]);
      const asking = announcements.get(key) ?? resolveVersion(source, registries, http, signal);
      announcements.set(key, asking);
      return await asking;
    },
    close: () => http.close(),
  };
}

type RepairPlaces = Pick<PlanServices, 'global' | 'cluster' | 'prefixIndex'> & {
  readonly storage: Storage | undefined;
  readonly signal: AbortSignal;
};

function repairQuestions(config: Config, { storage, ...places }: RepairPlaces): PlanServices['repairable'] {
  const fewAtATime = pLimit(REPAIRS_AT_A_TIME);
  let asking: ReturnType<typeof platformIndexes> | undefined;
  const checks = { index: true, files: storage !== undefined, contents: false };

  async function findingsOf(
    work: Extract<JobSpec, { kind: 'repair' }>,
    instance: StoredInstance,
  ): Promise<readonly string[]> {
    asking ??= platformIndexes(places.global, config.fleet.indexesVersion);
    const { version: indexesVersion, known } = await asking;
    const movesNumber = work.movesNumber === true && known !== 'assumed';
    const context = {
      ...places,
      storage: storage ?? fileStorage(config.storage.root),
      instance,
      indexesVersion,
      findsOlderNumber: movesNumber,
      hasJob: () => Promise.resolve(true),
    };
    const findings = [];
    for await (const finding of checkInstance(context, checks)) findings.push(finding);
    const repairable = repairableOf(findings, { recreateEmpty: work.recreateEmpty, movesNumber });
    const counts = new Map<string, number>();
    for (const { type } of repairable) counts.set(type, (counts.get(type) ?? 0) + 1);
    return [...counts].map(([type, times]) => (times === 1 ? type : `${type} (${times})`));
  }

  return (work, instance) =>
    fewAtATime(async () => {
      try {
        return await findingsOf(work, instance);
      } catch (error) {
        // A path that cannot be one is about this instance alone.
        if (error instanceof UnsafePath || error instanceof StorageError) {
          throw new Refusal('not_repaired', error.message, error.advice);
        }
        throw error;
      }
    });
}
