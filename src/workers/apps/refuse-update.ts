import { AppError } from '../../apps/errors.ts';
import type { InstallableApp } from '../../apps/manifest/documents.ts';
import type { AppKind } from '../../apps/manifest/manifest.ts';

/** What is installed under a slug must stay the same application, whatever a source says. @throws AppError `app_manifest` */
export function refuseOther({ slug, manifest }: InstallableApp, wanted: string, kind: AppKind): void {
  if (slug === wanted && manifest.kind === kind) return;
  throw new AppError(
    'app_manifest',
    `the source of the ${kind} ${wanted} has another application: the ${manifest.kind} ${slug}`,
  );
}

/**
 * A registry may announce another version between a plan and its job.
 * @param shown by the plan; undefined where there is none
 * @param version that the application is to get, that is to wait, or that stays
 * @throws AppError `app_outrun`
 */
export function refuseUnshown(app: string, shown: string | undefined, version: string): void {
  if (shown === undefined || shown === version) return;
  throw new AppError(
    'app_outrun',
    `application ${app} is in version ${version} by now, and the plan has shown ${shown}`,
    'final',
    'It stays as it is. Plan the update again, or name the version: --version.',
  );
}
