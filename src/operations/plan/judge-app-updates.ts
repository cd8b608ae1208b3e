import type { RegistrySource } from '../../apps/app-source.ts';
import { AppError } from '../../apps/errors.ts';
import type { RegistryVersion } from '../../apps/fetch/registry.ts';
import { maskedSource } from '../../apps/masked-source.ts';
import { judgeUpdate, takesAnyRules } from '../../apps/update/judge-update.ts';
import { storedRules } from '../../apps/update/rule-sets.ts';
import { updateSource } from '../../apps/update/update-source.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { differing, type FieldChange } from '../../instances/change/compare-fields.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import type { TaskOf } from '../../jobs/kinds/job-kinds.ts';
import { refuseUninstallable } from './judge-existing.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** What the configuration, and the registries that it names, say of applications. */
export interface AnnouncedApps {
  /** Sections of `contexts` in the configuration. */
  readonly contexts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** @returns undefined where no registry knows it, or none says */
  announced(source: RegistrySource, context: string | undefined): Promise<RegistryVersion | undefined>;
}

/**
 * What an update of applications would do, by the rules of its job; of one that is not installed nothing. Where only
 * what is fetched tells the version, its source stands for it.
 * @param installed their documents, by slug
 */
export async function judgeAppUpdates(
  services: AnnouncedApps,
  work: TaskOf<'update-apps'>,
  instance: StoredInstance,
  installed: ReadonlyMap<string, StoredDocument>,
): Promise<Verdict> {
  try {
    refuseUninstallable(instance);
    const documents = work.apps.flatMap((slug) => {
      const document = installed.get(slug);
      return document === undefined ? [] : [{ slug, document }];
    });
    const fields: FieldChange[] = [];
    for (const { slug, document } of documents) {
      fields.push(...(await fieldsOf(services, work, instance, slug, document)));
    }
    return { verdict: differing(fields).length === 0 ? 'same' : 'change', fields };
  } catch (error) {
    if (error instanceof Refusal) return verdictOf(error);
    if (!(error instanceof AppError)) throw error;
    const { code, message, advice } = error;
    return { verdict: 'refused', code, message, advice };
  }
}

/** Its version, the one that waits until the owner agrees, where one would, and its source, where that changes. */
async function fieldsOf(
  services: AnnouncedApps,
  { source: wanted, channel, version, safe }: TaskOf<'update-apps'>,
  instance: StoredInstance,
  slug: string,
  installed: StoredDocument,
): Promise<FieldChange[]> {
  const old = textOf(installed['version']);
  const oldSource = textOf(installed['source']);
  const field = `${slug}.version`;
  const source = updateSource(slug, oldSource ?? '', { source: wanted, channel, version });
  // A job writes it also where the version stays: by it the next update finds its channel, or keeps to a version.
  const moved =
    source.text === oldSource
      ? []
      : [{ field: `${slug}.source`, old: oldSource && maskedSource(oldSource), new: source.text }];
  const next = source.kind === 'registry' ? await services.announced(source, instance.context) : undefined;
  if (next === undefined) return [{ field, old, new: source.text }, ...moved];
  const kind = next.manifest.kind;
  const { update } = judgeUpdate({
    installed,
    rules: storedRules(installed['permissions']) ?? {},
    next,
    source,
    safe,
    takesAnyRules: takesAnyRules({ kind, slug }, services.contexts, instance.context),
  });
  switch (update) {
    case 'replace':
      return [{ field, old, new: next.version }, ...moved];
    case 'current':
      return [{ field, old, new: old }, ...moved];
    case 'hold': {
      const waiting = textOf(installed['available_version']);
      const held = { field: `${slug}.available_version`, old: waiting, new: next.version };
      return [{ field, old, new: old }, held, ...moved];
    }
    default:
      return update satisfies never;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
