import type { JobKind } from './payload.ts';

/** Stages of a creation in their order (`ARCHITECTURE.md` §3.5). */
export const CREATE_STAGES = [
  'register',
  'databases',
  'indexes',
  'directories',
  'settings',
  'finish',
  'apps',
] as const;

/** Stages of a destruction in their order (`ARCHITECTURE.md` §3.6). */
export const DESTROY_STAGES = [
  'mark',
  'accounts',
  'close',
  'outside',
  'triggers',
  'databases',
  'storage',
  'unregister',
] as const;

export const MODIFY_STAGES = ['modify'] as const;
export const REPAIR_STAGES = ['repair'] as const;
export const INSTALL_STAGES = ['apps'] as const;

export type CreateStageName = (typeof CREATE_STAGES)[number];
export type DestroyStageName = (typeof DESTROY_STAGES)[number];
export type ModifyStageName = (typeof MODIFY_STAGES)[number];
export type RepairStageName = (typeof REPAIR_STAGES)[number];
export type InstallStageName = (typeof INSTALL_STAGES)[number];
export type StageName =
  | CreateStageName
  | DestroyStageName
  | ModifyStageName
  | RepairStageName
  | InstallStageName;

export const STAGE_NAMES: readonly StageName[] = [
  ...new Set([...CREATE_STAGES, ...DESTROY_STAGES, ...MODIFY_STAGES, ...REPAIR_STAGES, ...INSTALL_STAGES]),
];

/** The stages of a job of that kind, in the order in which they run. */
export function stagesOf(kind: JobKind): readonly StageName[] {
  switch (kind) {
    case 'create':
      return CREATE_STAGES;
    case 'destroy':
      return DESTROY_STAGES;
    case 'modify':
      return MODIFY_STAGES;
    case 'repair':
      return REPAIR_STAGES;
    case 'install-apps':
      return INSTALL_STAGES;
    default:
      return kind satisfies never;
  }
}
