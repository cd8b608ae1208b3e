import { type AppSource, DEFAULT_CHANNEL } from '../app-source.ts';
import { isNewer } from '../manifest/app-version.ts';
import type { InstallableApp } from '../manifest/documents.ts';
import type { PermissionRules } from '../manifest/permissions.ts';
import { addsOnlyGranted, hasSameRules } from './rule-sets.ts';

/** An update, before it is decided what it does. */
export interface ProposedUpdate {
  /** Document of the application that is installed. */
  readonly installed: Readonly<Record<string, unknown>>;
  /** Rules of its manifest. */
  readonly rules: PermissionRules;
  readonly next: Pick<InstallableApp, 'version' | 'manifest'>;
  readonly source: AppSource;
  /** Whether what asks for other permissions or terms is to wait until the owner agrees. */
  readonly safe: boolean;
  /** Whether the owner is not asked about permissions. */
  readonly takesAnyRules: boolean;
  /** Whether what the source has is meant also where it is an older version: somebody has said source, channel or version. */
  readonly takesOlder: boolean;
}

/** What an update does. */
export type UpdateVerdict =
  /** The new version takes the place of the old one. */
  | { readonly update: 'replace' }
  /** It stays, and nothing waits: it is of that version already, or of a newer one, and then there is a reason. */
  | { readonly update: 'current'; readonly reason?: string }
  /** The new version waits until the owner agrees. */
  | { readonly update: 'hold'; readonly availableVersion: string };

/** What an update does, by the rules of a stack (`model/app/installer.go`, 396–472; `docs/cozy-data.md` §5.5). */
export function judgeUpdate(proposed: ProposedUpdate): UpdateVerdict {
  const { installed, next, source, safe } = proposed;
  const { version } = next;
  const reason = newerThanStable(proposed);
  if (reason !== undefined) return { update: 'current', reason };
  const isNew = !tellsVersionFirst(source) || version !== installed['version'];
  // Also with other terms: what would wait could not be taken, and a stack takes it for a mistake that it must put right.
  if (!isNew) return { update: 'current' };
  const asksForRules = safe && !proposed.takesAnyRules && !hasAgreedRules(proposed);
  const asksForTerms =
    safe && termsVersion(next.manifest.stored['terms']) !== termsVersion(installed['terms']);
  if (asksForRules || asksForTerms) return { update: 'hold', availableVersion: version };
  return { update: 'replace' };
}

/**
 * Why an application stays that is newer than the newest version of `stable`, as whatever a stack updates by itself
 * (`DoLazyUpdate`): that version may have been taken back, or an answer be an old one. Other channels may go back.
 */
function newerThanStable({ installed, next, source, takesOlder }: ProposedUpdate): string | undefined {
  if (takesOlder || source.kind !== 'registry') return undefined;
  if (source.channel !== DEFAULT_CHANNEL || source.version !== undefined) return undefined;
  const { version } = installed;
  if (typeof version !== 'string' || !isNewer(version, next.version)) return undefined;
  return `${version} is newer than the registry's ${next.version}`;
}

/** Of other sources a stack learns the version when it has fetched all, and has it take its place in any case. */
function tellsVersionFirst({ kind }: AppSource): boolean {
  return kind === 'registry' || kind === 'http';
}

function hasAgreedRules({ rules, next: { manifest } }: ProposedUpdate): boolean {
  if (hasSameRules(manifest.permissions, rules)) return true;
  return manifest.kind === 'konnector' && addsOnlyGranted(rules, manifest.permissions);
}

function termsVersion(terms: unknown): string {
  if (typeof terms !== 'object' || terms === null || !('version' in terms)) return '';
  return typeof terms.version === 'string' ? terms.version : '';
}

/** Webapps whose owners are asked about no permissions (`pkg/consts/consts.go`, `PlatformApps`). */
const PLATFORM_APPS: ReadonlySet<string> = new Set([
  'banks',
  'contacts',
  'drive',
  'home',
  'notes',
  'passwords',
  'photos',
  'settings',
  'store',
  'coachco2',
  'mespapiers',
  'dataproxy',
]);

/** A section of `contexts` in the configuration. */
type Context = Readonly<Record<string, unknown>>;

/**
 * Whether the owner of an instance is not asked about the permissions of an application: it belongs to the platform, or
 * the context says `permissions_skip_verification`.
 * @param contexts of the configuration
 * @param name context of the instance; one without a section has that of `default`
 */
export function takesAnyRules(
  { kind, slug }: { readonly kind: 'webapp' | 'konnector'; readonly slug: string },
  contexts: Readonly<Record<string, Context>>,
  name: string | undefined,
): boolean {
  const own = name !== undefined && Object.hasOwn(contexts, name) ? contexts[name] : contexts['default'];
  if (own?.['permissions_skip_verification'] === true) return true;
  if (kind !== 'webapp') return false;
  const more = own?.['additional_platform_apps'];
  return PLATFORM_APPS.has(slug) || (Array.isArray(more) && more.includes(slug));
}
