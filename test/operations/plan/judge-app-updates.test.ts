import { expect } from 'chai';
import { checkManifest } from '../../../src/apps/manifest/manifest.ts';
import type { WantedSource } from '../../../src/apps/update/update-source.ts';
import type { FieldChange } from '../../../src/instances/change/compare-fields.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { judgeAppUpdates } from '../../../src/operations/plan/judge-app-updates.ts';
import type { Verdict } from '../../../src/operations/plan/verdict.ts';

const DOMAIN = 'alice.example.org';

const INSTANCE: StoredInstance = {
  ...{ _id: 'alice', _rev: '1-a', domain: DOMAIN, locale: 'en', password_defined: true },
  cli_secret: 'AAAA',
};

describe('a plan of updates', () => {
  const version: FieldChange = { field: 'agenda.version', old: '1.0.0', new: '1.0.0' };

  interface Given {
    /** Of the document of agenda 1.0.0. */
    readonly fields?: Readonly<Record<string, unknown>>;
    readonly wanted?: WantedSource;
    /** What the registry has. */
    readonly announced?: string;
  }

  async function planned({ fields, wanted, announced = '1.0.0' }: Given): Promise<Verdict> {
    const document = {
      ...{ _id: 'io.cozy.apps/agenda', _rev: '1-a', version: '1.0.0', source: 'registry://agenda/stable' },
      ...fields,
    };
    const seen = { id: INSTANCE._id, incarnation: '' };
    const { verdict } = await judgeAppUpdates(
      {
        contexts: {},
        announced: async ({ slug }) => ({
          ...{ slug, version: announced, sha256: '', url: '', tarPrefix: '' },
          manifest: checkManifest({}, 'webapp', 'a test'),
        }),
      },
      { kind: 'update-apps', domain: DOMAIN, seen, apps: ['agenda'], safe: false, ...wanted },
      INSTANCE,
      new Map([['agenda', document]]),
    );
    return verdict;
  }

  it('has nothing to do where the registry has the version that is there', async () => {
    expect(await planned({})).to.deep.equal({ verdict: 'same', fields: [version] });
  });

  it('says why a version stays that is newer than the registry has', async () => {
    expect(await planned({ announced: '0.9.0' })).to.deep.equal({
      verdict: 'same',
      fields: [version],
      notes: ["agenda stays: 1.0.0 is newer than the registry's 0.9.0"],
    });
  });

  it('goes back to what a channel has that was asked for', async () => {
    expect(await planned({ announced: '0.9.0', wanted: { channel: 'stable' } })).to.deep.equal({
      verdict: 'change',
      fields: [{ ...version, new: '0.9.0' }],
    });
  });

  it('tells of a source that is written as a stack reads it', async () => {
    const source = 'registry://agenda/stable/1.0.0/';
    expect(await planned({ fields: { source } })).to.deep.equal({
      verdict: 'change',
      fields: [version, { field: 'agenda.source', old: source, new: 'registry://agenda/stable/1.0.0' }],
    });
  });

  it('tells of a version that waits no more', async () => {
    expect(await planned({ fields: { available_version: '1.1.0' } })).to.deep.equal({
      verdict: 'change',
      fields: [version, { field: 'agenda.available_version', old: '1.1.0', new: null }],
    });
  });
});
