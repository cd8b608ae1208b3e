import type { AppCount } from '../../operations/apps/count-apps.ts';
import { oneLine, safeJson } from '../../safe-text.ts';
import type { StoredApp } from '../../usage/stored-apps.ts';

/** Columns of the versions of all applications, and how many instances have each. */
export const COUNT_HEAD = ['KIND', 'SLUG', 'VERSION', 'INSTANCES', 'SOURCE'] as const;

/** A row of the table of versions. */
export function countRow({ kind, slug, version, instances, source }: AppCount): readonly string[] {
  return [kind, slug, version || '-', String(instances), source || '-'];
}

/** One application of one instance on a line, with tabs between its columns. */
export function domainLine(domain: string, app: StoredApp): string {
  const { kind, slug, version, source } = app;
  return `${[domain, kind, slug, version || '-', source || '-'].map(oneLine).join('\t')}\n`;
}

/** A value on a line of its own. */
export function jsonLine(value: object): string {
  return `${safeJson(JSON.stringify(value))}\n`;
}
