import { expect } from 'chai';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import type { InstanceFilter } from '../../../src/instances/lookup/instance-filter.ts';
import type { InstanceChanges } from '../../../src/instances/options/changes.ts';
import type { Progress } from '../../../src/jobs/queue/progress.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { LOGINS } from '../../../src/usage/last-activity.ts';
import { runUninstallation } from '../../../src/workers/apps/run-uninstallation.ts';
import { runSessionCleaning } from '../../../src/workers/care/run-session-cleaning.ts';
import { runModification } from '../../../src/workers/run-modification.ts';
import { type AppRegistry, startAppRegistry } from '../../support/app-registry.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { useInstance } from '../../support/used-instance.ts';

const LONG_AGO = '2020-01-01T00:00:00Z';
const IDLE = { idleSince: '2022-01-01T00:00:00.000Z' };

describe('a filter that an earlier attempt of a job has met', () => {
  let registry: AppRegistry;
  let test: TestFleet;
  let count = 0;

  before(async () => {
    registry = await startAppRegistry();
    test = await startTestFleet({
      configure: (config) => ({ ...config, registries: { default: [registry.url] } }),
    });
  });

  after(async () => {
    await test?.close();
    await registry?.close();
  });

  /** An instance that nobody has used for long. */
  async function idle(): Promise<StoredInstance> {
    count += 1;
    const { domain } = await test.create({
      domain: test.domain(`idle-${count}`),
      apps: 'agenda',
      'disk-quota': '1GB',
    });
    await useInstance(test.server, domain, { madeAt: LONG_AGO, logins: [LONG_AGO], files: [950_000_000] });
    return await now(domain);
  }

  async function now(domain: string): Promise<StoredInstance> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} is not there`);
    return instance;
  }

  async function comeBack({ domain }: StoredInstance): Promise<void> {
    await useInstance(test.server, domain, { logins: [new Date().toISOString()] });
  }

  /** An attempt after one that may have written something. */
  function later(before: Omit<Progress, 'stages'> = { begun: true }) {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    return loneAttempt(testServices(test.server, places), {}, { stages: [], ...before });
  }

  function order(instance: StoredInstance, filter: InstanceFilter) {
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    return { v: 1, domain: instance.domain, seen, filter, generation: 0, tries: 2 } as const;
  }

  const modify = (instance: StoredInstance, changes: InstanceChanges, filter: InstanceFilter = IDLE) =>
    runModification(later(), { ...order(instance, filter), kind: 'modify', changes });

  it('is asked again before what is still to be written: the owner may have come back', async () => {
    const instance = await idle();
    await comeBack(instance);
    expect(await thrownBy(modify(instance, { blocked: true }))).to.have.property('code', 'changed');
    expect(await now(instance.domain)).not.to.have.property('blocked', true);
  });

  it('is asked again before settings that are still to be written', async () => {
    const instance = await idle();
    await comeBack(instance);
    const changes = { settings: { email: 'new@example.org' } };
    expect(await thrownBy(modify(instance, changes))).to.have.property('code', 'changed');
    const settings = await test.documents(instance.domain, 'io.cozy.settings');
    expect(JSON.stringify(settings)).not.to.contain('new@example.org');
  });

  it('is not asked again where all is written', async () => {
    const instance = await idle();
    expect(await modify(instance, { blocked: true })).to.equal('modified');
    await comeBack(instance);
    expect(await modify(instance, { blocked: true })).to.equal('unchanged');
  });

  it('lets pass what still meets it, and whose document may be as it is by the work of the job', async () => {
    const instance = await idle();
    const filter: InstanceFilter = { ...IDLE, states: ['blocked'] };
    expect(await modify(instance, { blocked: true }, filter)).to.equal('modified');
  });

  it('is asked with the quota as it was, until that is written', async () => {
    const instance = await idle();
    const changes = { diskQuota: 5_000_000_000 };
    expect(await thrownBy(modify(instance, changes, { usedOver: 99 }))).to.have.property('code', 'changed');
    expect(await modify(instance, changes, { usedOver: 90 })).to.equal('modified');
    expect(await modify(await now(instance.domain), changes, { usedOver: 90 })).to.equal('unchanged');
  });

  it('is asked again before further sessions end', async () => {
    const instance = await idle();
    await comeBack(instance);
    const work = { ...order(instance, IDLE), kind: 'clean-sessions' as const, logins: true };
    expect(await thrownBy(runSessionCleaning(later(), work))).to.have.property('code', 'changed');
    const left = await test.documents(instance.domain, LOGINS);
    expect(left.filter(({ _id }) => !_id.startsWith('_design/'))).to.have.length(2);
  });

  it('is asked again before applications go', async () => {
    const instance = await idle();
    await comeBack(instance);
    const app = { app: 'agenda', state: 'uninstalling', tries: 1, generation: 0 } as const;
    const work = { kind: 'uninstall-apps' as const, apps: ['agenda'], purgeCode: false };
    const attempt = later({ apps: [app] });
    const end = runUninstallation(attempt, { ...order(instance, IDLE), ...work });
    expect(await thrownBy(end)).to.have.property('code', 'changed');
    const left = await test.documents(instance.domain, 'io.cozy.apps');
    expect(left.map(({ _id }) => _id)).to.include('io.cozy.apps/agenda');
  });

  it('is asked whole where no application was touched yet', async () => {
    const instance = await idle();
    const app = { app: 'agenda', state: 'failed', tries: 1, generation: 0, kind: 'outage' } as const;
    const work = { kind: 'uninstall-apps' as const, apps: ['agenda'], purgeCode: false };
    const attempt = later({ apps: [app] });
    const end = runUninstallation(attempt, { ...order(instance, { context: 'beta' }), ...work });
    expect(await thrownBy(end)).to.have.property('code', 'changed');
  });
});
