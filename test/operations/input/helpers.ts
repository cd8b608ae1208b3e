import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import { readRows } from '../../../src/operations/input/read-rows.ts';
import type { Row, RowFormat, RowProblem } from '../../../src/operations/input/row-format.ts';

export const COLUMNS = [
  'domain',
  'domain-aliases',
  'public-name',
  'oidc_id',
  'disk-quota',
  'feature-flags',
  'settings',
  'passphrase',
];

/** A stream that hands out `content` in chunks of `size` bytes. */
export function inChunks(content: string | Buffer, size = 7): Readable {
  const bytes = Buffer.from(content);
  const chunks = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return Readable.from(chunks);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

interface Reading {
  readonly format?: RowFormat;
  readonly maxLineBytes?: number;
  readonly chunkBytes?: number;
}

/** All rows of a file called `school.csv`. */
export function read(
  content: string | Buffer,
  { format = 'csv', chunkBytes = 7, ...rest }: Reading = {},
): Promise<(Row | RowProblem)[]> {
  return collect(
    readRows(inChunks(content, chunkBytes), format, { file: 'school.csv', columns: COLUMNS, ...rest }),
  );
}

/** The InputError with which `work` ends; anything else fails the test. */
export async function inputErrorOf(work: Promise<unknown>): Promise<InputError> {
  const outcome = await work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
  if (outcome instanceof InputError) return outcome;
  return expect.fail(`expected an InputError, got ${outcome}`);
}

/** Runs `work` with a directory of its own, which is gone afterwards. */
export async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rows-test-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
