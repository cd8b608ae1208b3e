import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { z } from 'zod';
import { SETTINGS } from '../../src/instances/databases/databases.ts';
import {
  databaseName,
  databasePrefix,
  prefixOf,
  reservationId,
} from '../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../../src/instances/documents/settings-document.ts';
import { createPrefixIndex } from '../../src/instances/lookup/prefix-index.ts';
import type { InstanceChanges } from '../../src/instances/options/changes.ts';
import { firstBody, postCommonSettings } from '../../src/stack/common-settings.ts';
import { modifyAndTell, type ToldModification, type Untold } from '../../src/stack/modify-and-tell.ts';
import { createSilentServices } from '../../src/stack/silent-services.ts';
import { NotTold } from '../../src/stack/told-service.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { startToldRecorder, type ToldRecorder } from '../support/told-recorder.ts';

/** What a stack sent for the same changes, one after the other. */
const GOLDEN = z
  .array(z.object({ step: z.string(), requests: z.array(z.unknown()) }))
  .parse(JSON.parse(readFileSync(new URL('../golden/told-requests.json', import.meta.url), 'utf8')));

const SETTINGS_THEN = { email: 'Al.Ice@corp.example', public_name: 'Alice Jan van Berg' };

/** A stack's commands of that recording, as changes of ours. */
const STEPS: readonly (readonly [string, InstanceChanges])[] = [
  ['locale', { locale: 'fr' }],
  ['settings', { settings: { email: 'new@corp.example', public_name: 'Zoe' } }],
  ['nothing', { locale: 'fr' }],
  ['quota', { diskQuota: 5_000_000_000 }],
  ['auth', { authMode: 'two_factor_mail' }],
  ['flags', { featureFlags: { a: true } }],
];

describe('modifyAndTell', () => {
  let test: TestFleet;
  let recorder: ToldRecorder;
  let count = 0;

  before(async () => {
    test = await startTestFleet({ worker: false });
    recorder = await startToldRecorder();
  });

  after(async () => {
    await recorder.close();
    await test.close();
  });

  beforeEach(() => {
    recorder.failing.clear();
    recorder.kept.clear();
    recorder.taken();
  });

  const settingsOf = (instance: InstanceDocument) => databaseName(databasePrefix(instance), SETTINGS);

  async function put(
    fields: Partial<InstanceDocument> = {},
    domain = test.domain(`t${++count}`),
  ): Promise<StoredInstance> {
    const instance = await test.putInstance({
      _id: reservationId(domain),
      domain,
      prefix: prefixOf(domain),
      locale: 'en',
      uuid: 'u 1/x',
      ...fields,
    });
    await test.server.createDatabase(settingsOf(instance));
    await test.server.putDocument(settingsOf(instance), { _id: SETTINGS_ID, ...SETTINGS_THEN });
    return instance;
  }

  /** As it is where a stack, or a creation, has told of it. */
  async function putTold(fields: Partial<InstanceDocument> = {}): Promise<StoredInstance> {
    const instance = await put({ common_settings_version: 1, ...fields });
    const person = { ...instance, settings: SETTINGS_THEN };
    const service = recorder.commonSettings['default'] ?? { url: '', token: '' };
    await postCommonSettings(service, firstBody(person, 'http', 1000), undefined);
    recorder.taken();
    return instance;
  }

  async function modify(
    { _id: id }: StoredInstance,
    changes: InstanceChanges,
    more: Partial<ToldModification> = {},
  ): Promise<{ instance: StoredInstance; untold: Untold[] }> {
    const untold: Untold[] = [];
    const { commonSettings, clouderies } = recorder;
    const { instance } = await modifyAndTell({
      global: test.server,
      cluster: () => test.server,
      prefixIndex: createPrefixIndex(test.server),
      id,
      changes,
      told: { commonSettings, clouderies, linkScheme: 'http' },
      onUntold: (each) => untold.push(each),
      ...more,
    });
    expect(instance).to.deep.equal(await test.server.getDocument('global/instances', id));
    return { instance, untold };
  }

  const sent = () => recorder.taken().map(({ method, url }) => `${method} ${url.replace(/\?.*/, '')}`);

  it('sends just the requests of a stack for the same changes', async () => {
    const before = await putTold();
    // The recording is of another domain.
    const [nickname = '', ...rest] = before.domain.split('.');
    const asRecorded = (text: string) =>
      text.replaceAll(rest.join('.'), 'told.example').replaceAll(nickname, 'alice');
    for (const [step, changes] of STEPS) {
      await modify(before, changes);
      const requests = JSON.parse(asRecorded(JSON.stringify(recorder.taken())));
      expect({ step, requests }).to.deep.equal(GOLDEN.find((each) => each.step === step));
    }
    expect(await test.instance(before.domain)).to.include({ common_settings_version: 5 });
  });

  it('posts what the service was never told of, as a creation does', async () => {
    const before = await put();
    const { instance } = await modify(before, { locale: 'fr' });
    const [request] = recorder.taken();
    expect(request).to.include({ method: 'POST', url: '/api/admin/user/settings' });
    expect(request?.body?.['payload']).to.include({
      language: 'fr',
      avatar: `http://${before.domain}/public/avatar?v=1`,
    });
    expect(instance.common_settings_version).to.equal(1);
  });

  it('leaves the service alone where somebody else has told it a newer version', async () => {
    const before = await putTold();
    recorder.kept.set(before.domain.split('.')[0] ?? '', { version: 7, payload: { language: 'de' } });
    const { instance, untold } = await modify(before, { locale: 'fr' });
    expect(sent()).to.deep.equal([`GET /api/admin/user/settings/${before.domain.split('.')[0]}`]);
    expect(untold).to.deep.equal([
      {
        service: 'common settings',
        problem: 'it has version 7 of the settings, and the instance version 1',
      },
    ]);
    expect(instance).to.include({ locale: 'fr', common_settings_version: 1 });
  });

  it('notes the version that an earlier try has told and not noted', async () => {
    const before = await putTold();
    await modify(before, { locale: 'fr' });
    const told = await test.instance(before.domain);
    // Killed between the answer of the service and its write.
    await test.server.putDocument('global/instances', {
      ...told,
      _id: before._id,
      common_settings_version: 1,
    });
    recorder.taken();
    const { instance, untold } = await modify(before, { locale: 'fr' }, { resumed: true });
    expect(sent()).to.have.lengthOf(1);
    expect(untold).to.deep.equal([]);
    expect(instance.common_settings_version).to.equal(2);
  });

  it('notes the first version that an earlier try has told and not noted', async () => {
    const before = await put();
    await modify(before, { locale: 'fr' });
    const { common_settings_version: _, ...untold } = (await test.instance(before.domain)) ?? before;
    // Killed between the answer of the service and its write.
    await test.server.putDocument('global/instances', untold);
    const result = await modify(before, { locale: 'fr' }, { resumed: true });
    expect(result.untold).to.deep.equal([]);
    expect(result.instance.common_settings_version).to.equal(1);
  });

  it('notes no version of what somebody else has told the service', async () => {
    const before = await put();
    recorder.kept.set(before.domain.split('.')[0] ?? '', { version: 1, payload: { language: 'de' } });
    const { instance, untold } = await modify(before, { locale: 'fr' });
    expect(untold).to.deep.equal([{ service: 'common settings', problem: 'it answered 409' }]);
    expect(instance.common_settings_version).to.equal(undefined);
  });

  it('tells a Cloudery again where an earlier try may have ended before it', async () => {
    const before = await putTold();
    const changes = { settings: { email: 'new@corp.example' } };
    await modify(before, changes);
    recorder.taken();
    await modify(before, changes, { resumed: true });
    expect(sent()[0]).to.match(/^PUT \/cloudery/);
  });

  it('does not tell a Cloudery what comes from it', async () => {
    const before = await putTold();
    await modify(before, { settings: { email: 'new@corp.example' } }, { fromCloudery: true });
    expect(sent().filter((each) => each.includes('cloudery'))).to.deep.equal([]);
  });

  it('keeps the change where services fail, and says so without a token', async () => {
    const before = await putTold();
    recorder.failing.set('/', 503);
    const { instance, untold } = await modify(before, { locale: 'fr', settings: { phone: '+33123456789' } });
    expect(untold).to.deep.equal([
      { service: 'Cloudery', problem: 'it answered 503' },
      { service: 'common settings', problem: 'it answered 503' },
    ]);
    expect(instance).to.include({ locale: 'fr', common_settings_version: 1 });
  });

  it('asks nobody who is left alone for having been silent, and says so', async () => {
    const before = await putTold();
    const silentServices = createSilentServices();
    const late = async () => {
      throw new NotTold('TimeoutError', { isTimeout: true });
    };
    const { url = '' } = recorder.commonSettings['default'] ?? {};
    for (let time = 0; time < 3; time += 1) await thrownBy(silentServices.unlessSilent(url, late));
    const { commonSettings, clouderies } = recorder;
    const told = { commonSettings, clouderies, linkScheme: 'http' as const, silentServices };
    const { untold } = await modify(before, { settings: { tz: 'UTC' } }, { told });
    expect(untold.map(({ service }) => service)).to.deep.equal(['common settings']);
    expect(untold[0]?.problem).to.contain('left alone');
    expect(sent().filter((each) => !each.includes('cloudery'))).to.deep.equal([]);
  });

  it('tells no Cloudery of an instance that it cannot name', async () => {
    const before = await putTold({ uuid: '' });
    const { untold } = await modify(before, { settings: { tz: 'UTC' } });
    expect(untold.map(({ service }) => service)).to.deep.equal(['Cloudery']);
    expect(sent().filter((each) => each.includes('cloudery'))).to.deep.equal([]);
  });

  it('tells nothing of an instance without settings, for that would empty what is there', async () => {
    const before = await putTold();
    const there = await test.server.getDocument(settingsOf(before), SETTINGS_ID);
    await test.server.deleteDocument(settingsOf(before), SETTINGS_ID, there?._rev ?? '');
    const { untold } = await modify(before, { locale: 'fr' });
    expect(untold).to.deep.equal([{ service: 'common settings', problem: 'the instance has no settings' }]);
    expect(sent()).to.deep.equal([]);
  });

  it('asks nobody where the context has neither', async () => {
    const before = await putTold({ context: 'alone' });
    const told = {
      commonSettings: { ...recorder.commonSettings, alone: { url: '', token: '' } },
      clouderies: { ...recorder.clouderies, alone: {} },
      linkScheme: 'http' as const,
    };
    await modify(before, { settings: { tz: 'UTC' } }, { told });
    expect(sent()).to.deep.equal([]);
  });
});
