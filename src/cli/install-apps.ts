import { parseSource } from '../apps/manifest/sources.ts';
import { InputError } from '../errors.ts';
import type { InstanceFilter } from '../instances/lookup/instance-filter.ts';
import { splitList } from '../instances/options/option-values.ts';
import { InvalidOptions } from '../instances/options/parse-options.ts';
import { INSTANCE_FLAGS } from '../instances/options/raw-row.ts';
import type { Work } from '../jobs/payload.ts';
import { count } from './batch/batch-texts.ts';
import type { StartedBatch } from './batch/run-batch.ts';
import { askForNumber } from './confirm.ts';
import type { Couch } from './couch.ts';
import { findInstance } from './find-instance.ts';
import type { RowCheck } from './rows/check-rows.ts';
import { type OneDone, type Ran, runMany, runOne } from './run-work.ts';
import { type Choice, choose, chooseRows } from './targets/choose.ts';
import { type DomainRow, domainCheck } from './targets/domain-rows.ts';
import { type Target, targetOf } from './targets/target.ts';
import type { AskedWork } from './work-flags.ts';

export interface InstallAppsOptions extends AskedWork {
  readonly couch: Couch;
  /** As typed; where a row names applications itself, these do not count for it. */
  readonly apps: readonly string[];
}

/** A row of a file: an instance, and the applications it is to get. */
interface AppsRow extends DomainRow {
  readonly apps: readonly string[];
}

/** Installs applications on one instance. @throws FleetError `not_found`, `apps` */
export async function installOnOne(options: InstallAppsOptions, typed: string): Promise<Ran<OneDone>> {
  const apps = checkedApps(options.apps);
  const target = targetOf(await findInstance(options.couch.global, typed), 1);
  return await runOne(options, workOf(target, apps));
}

/** Installs applications on the instances of a list, a file or a filter, as a batch. */
export async function installOnMany(
  options: InstallAppsOptions,
  choice: Choice,
): Promise<Ran<StartedBatch | undefined>> {
  const { couch, force, stdin, output } = options;
  const io = { global: couch.global, stdin, note: output.note };
  if (choice.from !== undefined) {
    const { from, skipInvalid } = choice;
    const check = appsCheck(options.apps);
    const chosen = await chooseRows({ from, skipInvalid, check, columns: INSTANCE_FLAGS }, io);
    return await runMany(options, {
      kind: 'install-apps',
      chosen,
      workOf: (target, filter) => workOf(target, target.apps, filter),
    });
  }
  const apps = checkedApps(options.apps);
  const chosen = await choose(choice, io);
  const { total, described, filter } = chosen;
  const question = `Are you sure you want to install ${apps.join(', ')} on ${count(total)} instances: ${described}?`;
  return await runMany(options, {
    kind: 'install-apps',
    chosen,
    before: async () => {
      if (filter !== undefined && !force) await askForNumber(options, total, [question]);
    },
    workOf: (target) => workOf(target, apps, filter),
  });
}

function workOf(
  { domain, seen }: Target,
  apps: readonly string[],
  filter?: InstanceFilter,
): Extract<Work, { kind: 'install-apps' }> {
  const optional = { ...(seen && { seen }), ...(filter && { filter }) };
  return { kind: 'install-apps', domain, apps: [...apps], ...optional };
}

/** @throws InputError `app_source`, `no_apps` */
function checkedApps(given: readonly string[]): readonly string[] {
  const apps = [...new Set(given)];
  for (const app of apps) parseSource(app);
  if (apps.length > 0) return apps;
  throw new InputError('no_apps', 'name the applications: --apps drive,settings');
}

/** Rows of a file with a column for applications, or without. */
function appsCheck(defaults: readonly string[]): RowCheck<AppsRow> {
  return {
    parse(values) {
      const row = domainCheck.parse(values);
      const own = splitList(values.apps ?? '');
      try {
        return { ...row, apps: checkedApps(own.length > 0 ? own : defaults) };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        throw new InvalidOptions([{ column: 'apps', message: error.message }]);
      }
    },
    names: domainCheck.names,
  };
}
