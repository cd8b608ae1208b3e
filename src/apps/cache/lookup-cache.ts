import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { unlessMissing } from '../../errno.ts';

/** What a look at a source has found; only the cache knows whether it is still there. */
const noteSchema = z.object({
  /** Of the entry. */
  key: z.string().regex(/^[0-9a-f]+$/),
  /** As an instance gets it. */
  version: z.string(),
  /** Of the look, in milliseconds since 1970. */
  time: z.number(),
});

export type Note = z.infer<typeof noteSchema>;

/** Milliseconds; what is asked for again is noted again. */
const KEPT = 24 * 60 * 60_000;

/** @returns undefined also for one that cannot be read: it is made anew */
export async function readNote(file: string): Promise<Note | undefined> {
  const text = await unlessMissing(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  try {
    return noteSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Replaces a note as a whole. @param draft a file that is not there, on the same disk */
export async function writeNote(file: string, note: Note, draft: string): Promise<void> {
  await writeFile(draft, JSON.stringify(note));
  await rename(draft, file);
}

/** Removes the notes of sources that nobody has looked at for long. */
export async function removeOldNotes(directory: string, now: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = join(directory, name);
    const found = await unlessMissing(stat(file));
    if (found !== undefined && found.mtimeMs < now - KEPT) await rm(file, { force: true });
  }
}
