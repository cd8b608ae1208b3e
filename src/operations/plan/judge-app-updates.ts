import type { RegistrySource } from '../../apps/app-source.ts';
import { AppError } from '../../apps/errors.ts';
import type { RegistryVersion } from '../../apps/fetch/registry.ts';
import { maskedSource } from '../../apps/masked-source.ts';
import { judgeUpdate, takesAnyRules } from '../../apps/update/judge-update.ts';
import { storedRules } from '../../apps/update/rule-sets.ts';
import { isSourceSaid, updateSource } from '../../apps/update/update-source.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { differing, type FieldChange } from '../../instances/change/compare-fields.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import type { TaskOf } from '../../jobs/kinds/job-kinds.ts';
import { refuseUninstallable } from './judge-existing.ts';
import { type Unknown, type Verdict, verdictOf } from './verdict.ts';

/** What the configuration, and the registries that it names, say of applications. */
export interface AnnouncedApps {
  /** Sections of `contexts` in the configuration. */
  readonly contexts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** @throws AppError where no registry knows it, or one does not say */
  announced(source: RegistrySource, context: string | undefined): Promise<RegistryVersion>;
}

/** What a row would do, and what it names that is not known here. */
export interface JudgedRow {
  readonly verdict: Verdict;
  readonly unknown: readonly Unknown[];
}

/**
 * What an update of applications would do, by the rules of its job; of one that is not installed nothing. Where only
 * what is fetched tells the version, or a registry does not say it now, its source stands for it. What cannot be had by
 * any other try is refused.
 * @param installed their documents, by slug
 */
export async function judgeAppUpdates(
  services: AnnouncedApps,
  work: TaskOf<'update-apps'>,
  instance: StoredInstance,
  installed: ReadonlyMap<string, StoredDocument>,
): Promise<JudgedRow> {
  try {
    refuseUninstallable(instance);
    const documents = work.apps.flatMap((slug) => {
      const document = installed.get(slug);
      return document === undefined ? [] : [{ slug, document }];
    });
    const fields: FieldChange[] = [];
    const unknown: Unknown[] = [];
    const notes: string[] = [];
    for (const { slug, document } of documents) {
      const found = await fieldsOf(services, work, instance, slug, document);
      fields.push(...found.fields);
      if (found.unsaid !== undefined) unknown.push({ what: 'registry', name: slug, reason: found.unsaid });
      if (found.reason !== undefined) notes.push(`${slug} stays: ${found.reason}`);
    }
    const verdict = differing(fields).length === 0 ? 'same' : 'change';
    return { verdict: { verdict, fields, ...(notes.length > 0 && { notes }) }, unknown };
  } catch (error) {
    if (error instanceof Refusal) return { verdict: verdictOf(error), unknown: [] };
    if (!(error instanceof AppError)) throw error;
    const { code, message, advice } = error;
    return { verdict: { verdict: 'refused', code, message, advice }, unknown: [] };
  }
}

/** What is compared of one application. */
interface AppFields {
  readonly fields: readonly FieldChange[];
  /** Why a registry does not say its version; undefined where it does, or is not asked. */
  readonly unsaid?: string;
  /** Why it stays where the registry has another version. */
  readonly reason?: string | undefined;
}

/** Its version, the one that waits until the owner agrees, where one does or would, and its source, where that changes. */
async function fieldsOf(
  services: AnnouncedApps,
  { source: wanted, channel, version, safe }: TaskOf<'update-apps'>,
  instance: StoredInstance,
  slug: string,
  installed: StoredDocument,
): Promise<AppFields> {
  const old = textOf(installed['version']);
  const oldSource = textOf(installed['source']);
  const field = `${slug}.version`;
  const source = updateSource(slug, oldSource ?? '', { source: wanted, channel, version });
  // A job writes it also where the version stays: by it the next update finds its channel, or keeps to a version.
  const moved =
    source.text === oldSource
      ? []
      : [{ field: `${slug}.source`, old: oldSource && maskedSource(oldSource), new: source.text }];
  const unsaid = { fields: [{ field, old, new: source.text }, ...moved] };
  if (source.kind !== 'registry') return unsaid;
  const next = await unlessPassing(services.announced(source, instance.context));
  if (next instanceof AppError) return { ...unsaid, unsaid: next.message };
  const kind = next.manifest.kind;
  const verdict = judgeUpdate({
    installed,
    rules: storedRules(installed['permissions']) ?? {},
    next,
    source,
    safe,
    takesAnyRules: takesAnyRules({ kind, slug }, services.contexts, instance.context),
    takesOlder: isSourceSaid({ source: wanted, channel, version }),
  });
  const waiting = textOf(installed['available_version']);
  const waitingField = `${slug}.available_version`;
  switch (verdict.update) {
    case 'replace':
      return { fields: [{ field, old, new: next.version }, ...moved] };
    case 'current': {
      // A job writes that none waits any more.
      const held = waiting ? [{ field: waitingField, old: waiting, new: null }] : [];
      return { fields: [{ field, old, new: old }, ...held, ...moved], reason: verdict.reason };
    }
    case 'hold': {
      const held = { field: waitingField, old: waiting, new: next.version };
      return { fields: [{ field, old, new: old }, held, ...moved] };
    }
    default:
      return verdict satisfies never;
  }
}

/** Answers a failure that may pass, as any that its job would try again; one that stays is thrown. */
async function unlessPassing<T>(asking: Promise<T>): Promise<T | AppError> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof AppError && error.kind !== 'final') return error;
    throw error;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
