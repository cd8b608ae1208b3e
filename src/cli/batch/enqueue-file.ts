import { enqueueRows } from '../../jobs/enqueue.ts';
import type { Fleet } from '../../jobs/fleet.ts';
import type { PassphraseSealer } from '../passphrase-sealer.ts';
import type { ValidRow } from '../rows/check-rows.ts';
import type { InstanceFile } from './instance-file.ts';

/** Rows that are queued at a time. */
const CHUNK = 500;

/** The same where passphrases take their time: workers should have something to do, and Ctrl-C be heard. */
const CHUNK_WITH_PASSPHRASES = 32;

export interface FileSubmission {
  readonly fleet: Fleet;
  readonly batchId: string;
  readonly file: InstanceFile;
  readonly tries: number;
  /** Absent when no row has a passphrase. */
  readonly seal: PassphraseSealer | undefined;
  /** Aborted when no further chunk is to be queued. */
  readonly signal: AbortSignal;
  /** Told after each chunk how many rows are queued by now. */
  onQueued(rows: number): Promise<void> | void;
}

/**
 * Queues the good rows of a file, in chunks; stops early when asked to, or when the batch is halted.
 * However it ends, the batch's total is what was queued.
 * @returns how many rows that was
 * @throws InputError when the file changed since it was checked
 */
export async function enqueueFile(submission: FileSubmission): Promise<number> {
  const { fleet, batchId, file, signal, onQueued } = submission;
  let queued = 0;
  try {
    for await (const chunk of chunksOf(file)) {
      if (signal.aborted || (await fleet.batches.halt(batchId)) !== undefined) break;
      await enqueueChunk(submission, chunk);
      queued += chunk.length;
      await onQueued(queued);
    }
  } finally {
    await fleet.batches.setTotal(batchId, queued);
  }
  return queued;
}

async function enqueueChunk({ fleet, batchId, seal, tries }: FileSubmission, chunk: ValidRow[]) {
  const requests = chunk.map(async (row) => ({
    row: row.line,
    options: row.options,
    sealedPassphrase: await seal?.(row),
    tries,
  }));
  await enqueueRows(fleet, batchId, await Promise.all(requests));
}

async function* chunksOf(file: InstanceFile): AsyncGenerator<ValidRow[]> {
  let chunk: ValidRow[] = [];
  let size = CHUNK;
  for await (const row of file.rows()) {
    if (row.kind === 'invalid') continue;
    chunk.push(row);
    if (row.passphrase !== undefined) size = CHUNK_WITH_PASSPHRASES;
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
    size = CHUNK;
  }
  if (chunk.length > 0) yield chunk;
}
