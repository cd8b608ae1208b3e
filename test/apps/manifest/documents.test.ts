import { expect } from 'chai';
import {
  appDocument,
  doctypeOf,
  type InstallableApp,
  permissionDocument,
  triggerDocuments,
} from '../../../src/apps/manifest/documents.ts';
import { checkManifest } from '../../../src/apps/manifest/manifest.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { normaliseDocument } from '../../golden/dump.ts';
import { RECORDED, recordedAnswer, recordedDocuments } from '../recorded.ts';

const NOW = '2026-11-21T03:44:05.678Z';
const INSTANCE = {
  domain: 'full.example.org',
  prefix: 'cozya7c534021092eeea850d08ad496c027c',
  incarnation: '0123456789abcdef',
};

function app(manifest: object, kind: 'webapp' | 'konnector' = 'webapp'): InstallableApp {
  return { slug: 'x', version: '1.0.0', checksum: '', manifest: checkManifest(manifest, kind, 'x') };
}

function documentOf(manifest: object, kind: 'webapp' | 'konnector' = 'webapp') {
  return appDocument(app(manifest, kind), INSTANCE, 'registry://x/stable', NOW);
}

describe('the documents of an application', () => {
  for (const recorded of RECORDED) {
    const { slug, kind, domain, prefix } = recorded;
    const { version, sha256, manifest } = recordedAnswer(slug);
    const installed: InstallableApp = {
      slug,
      version,
      checksum: sha256,
      manifest: checkManifest(manifest, kind, slug),
    };
    const instance = { ...INSTANCE, domain, prefix };
    const database = databaseName('', doctypeOf(kind)).slice(1);

    it(`are field by field what a stack wrote for the ${kind} ${slug}`, () => {
      const document = appDocument(installed, instance, `registry://${slug}/stable`, NOW);
      expect([normaliseDocument({ ...document, _rev: '1-x' })]).to.deep.equal(
        recordedDocuments(recorded, database),
      );
    });

    it(`give the ${kind} ${slug} the permissions a stack gave it`, () => {
      const document = permissionDocument(installed, instance, NOW);
      expect([normaliseDocument({ ...document, _rev: '1-x' })]).to.deep.equal(
        recordedDocuments(recorded, 'io-cozy-permissions'),
      );
    });

    it(`give the ${kind} ${slug} the triggers a stack gave it`, () => {
      const documents = triggerDocuments(installed, instance, NOW).map((document) =>
        normaliseDocument({ ...document, _rev: '1-x' }),
      );
      expect(documents).to.have.deep.members(recordedDocuments(recorded, 'io-cozy-triggers'));
    });
  }

  it('have the same ids when they are made again, and others in another life of the domain', () => {
    const withService = app({ services: { a: { trigger: '@daily' } } });
    const ids = (incarnation: string) =>
      [
        ...triggerDocuments(withService, { ...INSTANCE, incarnation }, NOW),
        permissionDocument(withService, { ...INSTANCE, incarnation }, NOW),
      ].map(({ _id }) => _id);
    expect(ids('1')).to.deep.equal(ids('1'));
    expect(ids('1')).not.to.include.members([ids('2')[0]]);
  });

  it('link each service with its trigger', () => {
    const withService = app({ services: { a: { trigger: '@cron 0 0 0 * * *' }, b: {} } });
    const [trigger] = triggerDocuments(withService, INSTANCE, NOW);
    const { services } = appDocument(withService, INSTANCE, 'registry://x/stable', NOW);
    expect(services).to.have.nested.property('a.trigger_id', trigger?._id);
    expect(services).to.have.nested.property('b.trigger_id', '');
  });

  it('name the cluster in triggers only when it is not the first', () => {
    const withService = app({ services: { a: { trigger: '@daily' } } });
    expect(triggerDocuments(withService, { ...INSTANCE, couchCluster: 0 }, NOW)[0]).not.to.have.property(
      'couch_cluster',
    );
    expect(triggerDocuments(withService, { ...INSTANCE, couchCluster: 2 }, NOW)[0]).to.have.property(
      'couch_cluster',
      2,
    );
  });

  it('make no trigger for a service that never runs by itself', () => {
    const never = app({ services: { a: { trigger: '@at 2000-01-01T00:00:00.000Z' } } });
    expect(triggerDocuments(never, INSTANCE, NOW)).to.deep.equal([]);
  });

  it('have null, not nothing, where a web application says nothing', () => {
    expect(documentOf({})).to.include({ intents: null, services: null, locales: null, notifications: null });
  });

  it('have one route and empty terms where a web application says nothing', () => {
    expect(documentOf({ routes: {} })).to.deep.include({
      routes: { '/': { folder: '/', index: 'index.html', public: false } },
      terms: { url: '', version: '' },
      permissions: {},
    });
  });

  it('leave out the permissions of an application that asks for none', () => {
    expect(permissionDocument(app({}), INSTANCE, NOW)).not.to.have.property('permissions');
  });

  it('leave parameters that are null out of a konnector, and nothing else', () => {
    expect(documentOf({ parameters: null, terms: { a: 1 } }, 'konnector'))
      .to.deep.include({ terms: { a: 1 } })
      .and.not.to.have.property('parameters');
  });

  it('take nothing from the manifest that says what the installer knows', () => {
    const lies = {
      _id: 'io.cozy.apps/other',
      _rev: '1-a',
      state: 'errored',
      error: 'x',
      available_version: '9',
      source: 'registry://other',
      checksum: 'x',
      created_at: 'never',
    };
    expect(documentOf(lies))
      .to.include({ _id: 'io.cozy.apps/x', state: 'ready', source: 'registry://x/stable', checksum: '' })
      .and.not.to.have.any.keys('_rev', 'error', 'available_version');
  });
});
