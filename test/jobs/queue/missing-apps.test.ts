import { expect } from 'chai';
import { missingApps } from '../../../src/jobs/queue/missing-apps.ts';
import type { AppRecord } from '../../../src/jobs/queue/progress.ts';

describe('missingApps', () => {
  const order = {
    v: 1,
    kind: 'install-apps',
    domain: 'alice.example.org',
    apps: ['drive', 'notes'],
    generation: 0,
    tries: 8,
  } as const;
  const payload = { ...order, apps: [...order.apps] };

  function record(app: string, state: AppRecord['state']): AppRecord {
    return { app, state, tries: 1, generation: 0 };
  }

  it('names what was never tried', () => {
    expect(missingApps(payload, { stages: [] })).to.deep.equal(['drive', 'notes']);
  });

  it('names what failed', () => {
    const apps = [record('drive', 'installed'), record('notes', 'failed')];
    expect(missingApps(payload, { stages: [], apps })).to.deep.equal(['notes']);
  });

  it('does not name what was there already', () => {
    const apps = [record('drive', 'present'), record('notes', 'installed')];
    expect(missingApps(payload, { stages: [], apps })).to.deep.equal([]);
  });

  it('names nothing for a job that has ended well', () => {
    const { v, kind, domain } = order;
    expect(missingApps({ v, kind, domain, outcome: 'installed' }, { stages: [] })).to.deep.equal([]);
  });
});
