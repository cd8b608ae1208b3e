import type { JobKind } from './payload.ts';

/** How work of one kind is spoken of. */
export interface KindWords {
  /** What was done to an instance. */
  readonly done: string;
  /** Why there was nothing to do. */
  readonly skipped: string;
  /** What a worker is at. */
  readonly doing: string;
  readonly noun: string;
}

export function wordsOf(kind: JobKind): KindWords {
  switch (kind) {
    case 'create':
      return { done: 'created', skipped: 'already there', doing: 'creating', noun: 'creation' };
    case 'destroy':
      return { done: 'destroyed', skipped: 'not there', doing: 'destroying', noun: 'destruction' };
    case 'modify':
      return { done: 'modified', skipped: 'so already', doing: 'modifying', noun: 'modification' };
    case 'repair':
      return { done: 'repaired', skipped: 'nothing to repair', doing: 'repairing', noun: 'repair' };
    case 'install-apps':
      return {
        done: 'installed',
        skipped: 'installed already',
        doing: 'installing the applications on',
        noun: 'installation',
      };
    default:
      return kind satisfies never;
  }
}
