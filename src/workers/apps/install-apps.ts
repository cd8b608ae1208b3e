import { type FailureKind, FleetError } from '../../errors.ts';
import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { refuseOtherAppStorage } from '../../instances/lookup/refuse-other-storage.ts';
import type { Attempt } from '../stage/attempt.ts';
import { type FailedApp, takeAppSteps } from './app-steps.ts';
import { installApp } from './install-app.ts';

/** The applications a job is to install on one instance. */
export interface AppsOrder {
  readonly attempt: Attempt;
  readonly instance: StoredInstance;
  /** As they were ordered: slugs or sources. */
  readonly apps: readonly string[];
  /** How often an operator had the job tried again. */
  readonly generation: number;
}

/** The instance is in use, but not all of the applications that it was to have are installed. */
export class AppsMissing extends FleetError {
  /** @param kind `retry` as long as one of them may be had later */
  constructor(missing: readonly FailedApp[], kind: FailureKind) {
    super(
      'apps',
      missing.map(({ app, reason }) => `application ${app} has not been installed: ${reason}`).join('; '),
      'The instance is in use. To try again only what is missing: cozy-fleet batches retry or jobs retry.',
      { kind },
    );
  }
}

/** @throws Refusal `provisioning`, `deleting`, `swift`, `other_storage` for an instance on which nothing can be installed */
export function refuseUninstallable(instance: StoredInstance): void {
  refuseUnfinished(instance);
  refuseOtherAppStorage(instance);
}

/**
 * Installs what is not installed yet, each application as a step of its own.
 *
 * @throws AppsMissing when some are not; whatever else goes wrong with the instance's own servers
 */
export async function installApps({ attempt, instance, apps, generation }: AppsOrder): Promise<void> {
  const { services, lease, signal, progress, record } = attempt;
  const { failed, kind } = await takeAppSteps({
    attempt,
    apps,
    generation,
    failure: 'application not installed',
    async work(app, before) {
      const willWrite = async (): Promise<void> => {
        if (progress().installing !== app) await record({ ...progress(), installing: app });
      };
      const { state, version } = await installApp({ services, instance, app, lease, signal, willWrite });
      // What an earlier try of this job installed is still this job's work.
      const isOurs = before?.state === 'installed' || progress().installing === app;
      return { state: isOurs ? 'installed' : state, version };
    },
  });
  if (failed.length > 0) throw new AppsMissing(failed, kind);
}
