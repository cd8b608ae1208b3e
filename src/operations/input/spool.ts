import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { FleetError, InputError, toError } from '../../errors.ts';
import type { RowFormat } from './row-format.ts';
import { openTemporaryFile } from './temporary-file.ts';

/** An input that can be read from its start as often as needed. */
export interface SpooledInput {
  /** As it is shown to the operator. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Reads it once, from the start. The stream fails with an `InputError` `file_changed` if the file
   * is not what it was when it was opened.
   */
  open(): Readable;
  /** Lets go of it; a spooled copy is gone then. Call it when no stream is read any more. */
  close(): Promise<void>;
}

/** Rows that come in as a stream, such as an upload. */
export interface InputStream {
  /** As it is shown to the operator. */
  readonly name: string;
  /** Undefined where it is told by the name, or by how the rows begin. */
  readonly format: RowFormat | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Where rows come from: a path, `-` for standard input, or a stream. */
export type InputSource = string | InputStream;

const CHUNK_BYTES = 64 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  ENOTDIR: 'There is no such file.',
  EACCES: 'You may not read the file.',
  EPERM: 'You may not read the file.',
};

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY);
  } catch (thrown) {
    const code = codeOf(toError(thrown));
    throw new InputError('unreadable_file', REASONS[code] ?? `The file cannot be opened (${code}).`, {
      file: path,
    });
  }
}

/**
 * Reads through the descriptor, so that a file that is renamed or replaced stays the one checked.
 * Looks again after each chunk and before handing it out: none is of another state of the file.
 */
async function* chunksOf(handle: FileHandle, name: string, identity: string): AsyncGenerator<Buffer> {
  let position = 0;
  while (true) {
    const { bytesRead, buffer } = await handle.read(
      Buffer.allocUnsafe(CHUNK_BYTES),
      0,
      CHUNK_BYTES,
      position,
    );
    if ((await identityOf(handle)) !== identity) {
      const advice = 'Wait until nothing writes to it, then submit it again.';
      throw new InputError('file_changed', 'The file changed while it was read.', { file: name }, advice);
    }
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function identityOf(handle: FileHandle): Promise<string> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return `${size} ${mtimeNs}`;
}

async function fromHandle(handle: FileHandle, name: string): Promise<SpooledInput> {
  const { size } = await handle.stat();
  if (size === 0) throw new InputError('empty_file', 'There is nothing in it.', { file: name });
  const identity = await identityOf(handle);
  return {
    name,
    size,
    open: () => Readable.from(chunksOf(handle, name, identity), { objectMode: false }),
    close: () => handle.close(),
  };
}

async function copyOf(source: AsyncIterable<Uint8Array>, name: string): Promise<SpooledInput> {
  const handle = await openTemporaryFile();
  try {
    for await (const chunk of source) await handle.appendFile(chunk);
    return await fromHandle(handle, name);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The few failures of copying that an operator can mend. */
function explained(thrown: unknown): unknown {
  if (thrown instanceof FleetError) return thrown;
  const error = toError(thrown);
  if (!['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'ENOENT'].includes(codeOf(error))) return thrown;
  const message = `The input cannot be kept in ${tmpdir()} (${codeOf(error)}).`;
  const advice = 'Set TMPDIR to a directory that is writable and has room for it.';
  return new FleetError('no_room_for_input', message, advice, { cause: error });
}

async function spoolStream(source: AsyncIterable<Uint8Array>, name: string): Promise<SpooledInput> {
  try {
    return await copyOf(source, name);
  } catch (thrown) {
    throw explained(thrown);
  }
}

/**
 * Makes an input readable more than once, without holding it in memory. A regular file is read in
 * place. Standard input (`-`), pipes and streams are copied first, to a private file that has no name.
 *
 * @throws {InputError} `unreadable_file`, `not_a_file` or `empty_file`.
 * @throws {FleetError} `no_room_for_input` if the copy cannot be kept.
 */
export async function spoolInput(source: InputSource, stdin: Readable): Promise<SpooledInput> {
  if (typeof source === 'object') return spoolStream(source.bytes, source.name);
  if (source === '-') return spoolStream(stdin, 'standard input');

  const handle = await openForReading(source);
  try {
    const stats = await handle.stat();
    if (stats.isFIFO()) {
      const pipe = handle.createReadStream({ autoClose: false });
      const input = await spoolStream(pipe, source);
      await handle.close();
      return input;
    }
    if (!stats.isFile()) {
      const message = stats.isDirectory() ? 'This is a directory.' : 'This is not a regular file.';
      throw new InputError('not_a_file', message, { file: source });
    }
    return await fromHandle(handle, source);
  } catch (error) {
    await handle.close();
    throw error;
  }
}
