import {
  JOB_KINDS,
  type JobKind,
  KIND_NAMES,
  STAGE_NAMES,
  type StageName,
  stagesOf,
} from '../kinds/job-kinds.ts';
import type { KindWords } from '../kinds/kind.ts';

/** What a batch is called whose rows are of several kinds; each row has its own then. */
export const MIXED = 'mixed';

/** The kind of all rows of a batch, or that they are of several. */
export type BatchKind = JobKind | typeof MIXED;

/** Names of all kinds that a batch can be of. */
export const BATCH_KINDS: readonly BatchKind[] = [...KIND_NAMES, MIXED];

export function isBatchKind(text: string): text is BatchKind {
  return BATCH_KINDS.some((kind) => kind === text);
}

/** How an operator is told of a batch as a whole. */
export type BatchWords = Pick<KindWords, 'done' | 'skipped' | 'noun'>;

const MIXED_WORDS: BatchWords = { done: 'done', skipped: 'nothing to do', noun: 'work of several kinds' };

export function wordsOfBatch(kind: BatchKind): BatchWords {
  return kind === MIXED ? MIXED_WORDS : JOB_KINDS[kind].words;
}

/** The stages in which rows of a batch can be, in the order in which they run. */
export function stagesOfBatch(kind: BatchKind): readonly StageName[] {
  return kind === MIXED ? STAGE_NAMES : stagesOf(kind);
}

/** Whether a batch may have rows for whose instances there are registration links. */
export function mayHaveLinks(kind: BatchKind): boolean {
  return kind === MIXED || JOB_KINDS[kind].hasLinks;
}

/** Whether instances of its rows may have been exported: no list orders that. */
export function mayHaveArchives(kind: BatchKind): boolean {
  return kind !== MIXED && stagesOf(kind).includes('export');
}

/** Whether jobs of one kind, out of any batch, may be rows of a batch of that kind. */
export function mayHold(kind: BatchKind, one: string): boolean {
  return kind === MIXED || kind === one;
}
