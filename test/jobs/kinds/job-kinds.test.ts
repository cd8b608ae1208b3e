import { expect } from 'chai';
import { createSigner } from '../../../src/jobs/fleet/signer.ts';
import {
  didNothing,
  isJobKind,
  JOB_KINDS,
  KIND_NAMES,
  type LivePayload,
  stageLabel,
  stagesOf,
  stagesOfTask,
} from '../../../src/jobs/kinds/job-kinds.ts';
import { appsOf, namesOf, parsePayload, payloadHash } from '../../../src/jobs/kinds/payload.ts';
import { createStages } from '../../../src/workers/create/stages.ts';
import { destroyStages } from '../../../src/workers/destroy/stages.ts';
import { stagesIn } from '../../../src/workers/stage/pipeline.ts';
import { sampleOptions } from '../../instances/sample-options.ts';

const envelope = { v: 1, batch: { id: 'AB2', row: 3 }, generation: 2, tries: 8 } as const;
const onInstance = {
  domain: 'alice.example.com',
  seen: { id: 'abc', incarnation: '0123456789abcdef' },
  filter: { domain: '*.example.com' },
};

/** Of each kind a payload with the hash and the signature that it has in Redis, where earlier versions wrote some. */
const STORED: readonly { payload: LivePayload; hash: string; mac: string }[] = [
  {
    payload: {
      ...envelope,
      kind: 'create',
      options: sampleOptions({ apps: ['drive'], aliases: ['b.org'] }),
      sealedPassphrase: '0123456789abcdef AAAA',
      after: ['acme.example.com'],
    },
    hash: '40a24ab6f2513f6c',
    mac: 'i26FWlHRNVj0KTzpTfBZmOpPfLe8krWhFR5CV57ANtA',
  },
  {
    payload: { ...envelope, ...onInstance, kind: 'destroy', skipAccounts: false, resume: true },
    hash: 'ac20734004f72055',
    mac: 't2N4rH9Q8iOoHjnUjnp6mz764WKAOuqJkD7B6_Bb9-Y',
  },
  {
    payload: {
      ...envelope,
      ...onInstance,
      kind: 'destroy',
      skipAccounts: false,
      resume: true,
      exportTo: '/srv/archives',
    },
    hash: '8357b7a3f2b3de2a',
    mac: '0iBuo8k7fuw7kX22CDytMbWHTRdIDRIhs7EBvesccLs',
  },
  {
    payload: {
      ...envelope,
      ...onInstance,
      kind: 'modify',
      changes: { locale: 'fr', aliases: ['b.org', 'alice.example.com'] },
    },
    hash: '6c9fab6ace7bcdbb',
    mac: 'gcqcoC9wInWy1VFrmKccFeU_kN0rzkHGCa4PmoF7TVA',
  },
  {
    payload: {
      ...envelope,
      ...onInstance,
      kind: 'repair',
      recreateEmpty: false,
      dropReservation: true,
      movesNumber: true,
    },
    hash: '44a73ebe7fd2e238',
    mac: 'KOrVmZQRAu99DmwCNqjI1DxUZoC4Qk2BSOqKFm_Ch40',
  },
  {
    payload: {
      ...envelope,
      ...onInstance,
      kind: 'modify-and-install',
      changes: { locale: 'fr' },
      apps: ['drive'],
    },
    hash: '613345ab783f8a6c',
    mac: '_YymZM0GtKdNeAKCAtyAqrA8cWasS_Vrza8d3VRpEKA',
  },
  {
    payload: { ...envelope, ...onInstance, kind: 'install-apps', apps: ['drive', 'notes'] },
    hash: 'ab29d47cc012130e',
    mac: 'VwpePZCpgv-Of-8nxfvdYf485wZD2mgrB34QPwmuxCA',
  },
  {
    payload: {
      ...envelope,
      ...onInstance,
      kind: 'update-apps',
      apps: ['drive', 'notes'],
      channel: 'beta',
      version: '1.60.0',
      safe: true,
    },
    hash: 'f791e33bb0d881c2',
    mac: 'crgwFoMcq094Urdua9EjQFE146UBh_lUraNF9YuKQag',
  },
  {
    payload: { ...envelope, ...onInstance, kind: 'uninstall-apps', apps: ['agenda'], purgeCode: true },
    hash: 'e35550cf0e7bf925',
    mac: '4V1AG0AAWfXBz2XV69NNQrniZIev_sKKEWMmMPze9cY',
  },
  {
    payload: { ...envelope, ...onInstance, kind: 'reset-links', validMs: 172_800_000 },
    hash: 'f34d63906197753e',
    mac: 'DwRqy5osBLNxAtkBaD7PFo3RcLJieksFu7khYpg6Xy8',
  },
  {
    payload: { ...envelope, ...onInstance, kind: 'clean-sessions', logins: true },
    hash: 'a24b78ebad151b4e',
    mac: 'cCggqioa40bzdPNMVJbHIijQk-E7jyCZV8QFGnqDfEI',
  },
  {
    payload: {
      ...envelope,
      ...onInstance,
      kind: 'purge-jobs',
      olderThanMs: 1_209_600_000,
      workers: ['konnector', 'sendmail'],
    },
    hash: '2bec21a4a997362c',
    mac: 'aSNztb-r5d8itrwA33Gfm3Z8AOLlFhQGwhUykAouUkc',
  },
  {
    payload: { ...envelope, ...onInstance, kind: 'fsck', index: true, files: false },
    hash: 'af6e37d20301bf82',
    mac: 'zckBIrwP2srFYziVOtGw1z0qeZquFhr1W2ziCm1OMp4',
  },
  {
    payload: { ...envelope, ...onInstance, kind: 'export', to: '/srv/archives' },
    hash: '3322163827d8a41d',
    mac: 'pQ_d-2iNFPNsC3O9z56BbQzsVML-nOBK0nOoFQmD_-M',
  },
  {
    payload: { ...envelope, kind: 'fill-pool', cluster: 1, to: 20, anytime: false },
    hash: '18a0f09db699f9cf',
    mac: 'DIhKsXBAtU9nJpcNf26j8rSNRkZusmKP6oIjAYHZb1Q',
  },
];

/** A destruction that is exported first is another one than the rest. */
function titleOf(payload: LivePayload): string {
  return 'exportTo' in payload ? `${payload.kind} after an export` : payload.kind;
}

describe('kinds of jobs', () => {
  const signer = createSigner(Buffer.alloc(32, 7).toString('base64'));

  it('are known by their names', () => {
    expect(KIND_NAMES).to.deep.equal([
      'create',
      'destroy',
      'modify',
      'modify-and-install',
      'repair',
      'install-apps',
      'update-apps',
      'uninstall-apps',
      'reset-links',
      'clean-sessions',
      'purge-jobs',
      'fsck',
      'export',
      'fill-pool',
    ]);
    expect(KIND_NAMES.every(isJobKind)).to.equal(true);
    expect(['archive', 'toString', ''].some(isJobKind)).to.equal(false);
  });

  it('all have payloads in this test', () => {
    expect(new Set(STORED.map(({ payload }) => payload.kind))).to.deep.equal(new Set(KIND_NAMES));
  });

  for (const { payload, hash, mac } of STORED) {
    describe(titleOf(payload), () => {
      it('has payloads that keep their hash and signature from version to version', () => {
        expect(payloadHash(payload)).to.equal(hash);
        expect(signer.sign('job-1', payload).mac).to.equal(mac);
      });

      it('has payloads that are read as they were written', () => {
        expect(parsePayload(JSON.parse(JSON.stringify(payload)))).to.deep.equal(payload);
      });

      it('has jobs that hold the domain first, or the pool of a cluster', () => {
        const first = payload.kind === 'fill-pool' ? '.pool.1' : 'alice.example.com';
        expect(namesOf(payload)[0]).to.equal(first);
      });

      it('has one outcome for what was done, and another where there was nothing to do', () => {
        const { done, skipped } = JOB_KINDS[payload.kind].outcomes;
        expect([didNothing(done), didNothing(skipped)]).to.deep.equal([false, true]);
      });
    });
  }

  it('hold the aliases that they would take, each once', () => {
    const held = STORED.map(({ payload }) => [payload.kind, namesOf(payload).slice(1)] as const);
    expect(held.filter(([, aliases]) => aliases.length > 0)).to.deep.equal([
      ['create', ['b.org']],
      ['modify', ['b.org']],
    ]);
  });

  it('install applications where they are told to', () => {
    const installed = STORED.map(({ payload }) => [payload.kind, appsOf(payload)] as const);
    expect(installed.filter(([, apps]) => apps.length > 0)).to.deep.equal([
      ['create', ['drive']],
      ['modify-and-install', ['drive']],
      ['install-apps', ['drive', 'notes']],
    ]);
  });

  it('have stages by names that are stored, in the order in which they run', () => {
    expect(stagesOf('destroy')).to.deep.equal([
      'export',
      'mark',
      'accounts',
      'close',
      'confirm',
      'outside',
      'triggers',
      'databases',
      'storage',
      'unregister',
    ]);
  });

  it('pass over the stages that are of no use to what was ordered', () => {
    const destroy = { kind: 'destroy' as const, ...onInstance, skipAccounts: false, resume: false };
    expect(stagesOfTask(destroy)[0]).to.equal('mark');
    expect(stagesOfTask(destroy)).to.not.include('confirm');
    expect(stagesOfTask({ ...destroy, exportTo: '/srv' })).to.deep.equal(stagesOf('destroy'));
  });
});

describe('the stages of a job', () => {
  it('are shown by names of their own where the stored ones say too little', () => {
    expect(JOB_KINDS.destroy.stages.map(stageLabel)).to.deep.equal([
      'export',
      'mark',
      'accounts',
      'revoke-access',
      'confirm-export',
      'rag',
      'triggers',
      'databases',
      'storage',
      'unregister',
    ]);
  });

  it('are shown by their stored names otherwise', () => {
    expect(stagesOf('create').map(stageLabel)).to.deep.equal(stagesOf('create'));
    expect(stageLabel('of a later version')).to.equal('of a later version');
  });
});

describe('the stages that workers run', () => {
  it('are those of the kind, in its order', () => {
    expect(createStages.flatMap(stagesIn).map(({ name }) => name)).to.deep.equal(JOB_KINDS.create.stages);
    expect(destroyStages.map(({ name }) => name)).to.deep.equal(JOB_KINDS.destroy.stages);
  });
});
