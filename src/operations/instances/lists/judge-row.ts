import { parseSource } from '../../../apps/app-source.ts';
import { incarnationOf } from '../../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../../instances/documents/instance-document.ts';
import type { ReadResult } from '../../../instances/lookup/classify-document.ts';
import { refusalOf } from '../../../instances/lookup/classify-document.ts';
import type { JobSpec } from '../../../jobs/kinds/payload.ts';
import { type Verdict, verdictOf } from '../../plan/verdict.ts';
import { heldAsUnmanaged } from './judge-unlisted.ts';
import type { ListRow } from './list-row.ts';
import type { KnownInstance } from './listed-fleet.ts';
import type { NamedInstances } from './named-instances.ts';
import { neededChanges } from './needed-changes.ts';

/** What becomes of a row of a list. */
export type ListedWork =
  /** An instance is to be made, or its creation goes on. */
  | { readonly work: 'create' }
  /** This has to be done to the one that is there. */
  | { readonly work: 'change'; readonly task: JobSpec }
  /** Nothing is to be done, or nothing may be. */
  | { readonly work: 'none'; readonly domain: string; readonly verdict: Verdict };

/** What is asked for an instance that is there, and only where a row says something of it. */
export interface ListedQuestions {
  settings(instance: StoredInstance): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Those of these applications that are not installed. */
  missingApps(instance: StoredInstance, apps: readonly string[]): Promise<readonly string[]>;
}

/**
 * What a row asks for, of an instance that is there only what is otherwise by now.
 * @param found the document of the instance that has the domain of the row; undefined where it is gone meanwhile
 */
export async function judgeListed(
  row: ListRow,
  { own, held }: NamedInstances,
  found: ReadResult | undefined,
  ask: ListedQuestions,
): Promise<ListedWork> {
  const { domain } = own ?? row;
  const none = (verdict: Verdict): ListedWork => ({ work: 'none', domain, verdict });
  if (held !== undefined) return none({ verdict: 'held', ...held });
  if (own === undefined || own.unmanaged === 'reserved') {
    return row.creation === undefined ? none(notCreatable(row)) : { work: 'create' };
  }
  const unmanaged = heldAsUnmanaged(own);
  if (unmanaged !== undefined) return none({ verdict: 'held', ...unmanaged });
  if (found?.readable === false) return none(verdictOf(refusalOf(found.unreadable)));
  const instance = found?.instance;
  if (instance === undefined || incarnationOf(instance) !== own.seen.incarnation)
    return none(changedMeanwhile(domain));
  const settings = row.changes.settings === undefined ? undefined : await ask.settings(instance);
  const changes = neededChanges(instance, settings, row.changes);
  const apps = row.apps.length === 0 ? [] : await ask.missingApps(instance, row.apps);
  const task = taskOf(own, changes, apps);
  return task === undefined ? none({ verdict: 'same', fields: [] }) : { work: 'change', task };
}

function taskOf(
  { domain, seen }: KnownInstance,
  changes: ReturnType<typeof neededChanges>,
  apps: readonly string[],
): JobSpec | undefined {
  const on = { domain, seen };
  if (changes === undefined) {
    return apps.length === 0 ? undefined : { kind: 'install-apps', ...on, apps: [...apps] };
  }
  if (apps.length === 0) return { kind: 'modify', ...on, changes };
  return { kind: 'modify-and-install', ...on, changes, apps: [...apps] };
}

function notCreatable({ problem = '' }: ListRow): Verdict {
  return {
    verdict: 'refused',
    code: 'invalid_options',
    message: `no instance can be made of it: ${problem}`,
    advice: 'Correct the row.',
  };
}

function changedMeanwhile(domain: string): Verdict {
  return {
    verdict: 'refused',
    code: 'superseded',
    message: `${domain} is gone, or is another one since the list was compared with the fleet`,
    advice: 'Submit the list again.',
  };
}

/**
 * Which applications are not installed: by their slug, or, where only what is fetched tells it, by the source from which they were
 * installed.
 * @param slugs of all that are installed
 * @param sources of them, as they are stored
 */
export function notInstalled(
  apps: readonly string[],
  slugs: ReadonlySet<string>,
  sources: ReadonlySet<string>,
): string[] {
  return apps.filter((app) => {
    const source = parseSource(app);
    return source.kind === 'registry' ? !slugs.has(source.slug) : !sources.has(source.text);
  });
}
