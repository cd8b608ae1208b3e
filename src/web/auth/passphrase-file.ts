import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { InputError } from '../../errors.ts';
import { shellWord } from '../../shell-quoted.ts';
import { parseScryptHash, type ScryptHash } from './scrypt-hash.ts';

/** What the file with the operator's passphrase says. */
export interface PassphraseFile {
  readonly hash: ScryptHash;
  /** Of its content: another one for another passphrase, and for the same one set anew. */
  readonly digest: Buffer;
}

/** Keeps what was read for as long as the file stays as it is. */
export interface PassphraseFileReader {
  /** @throws InputError `bad_admin_passphrase` where it is gone, unreadable or something else */
  read(): Promise<PassphraseFile>;
}

/** Bytes; the line that a stack writes has 119. */
const MOST_BYTES = 1024;

/** @param path absolute */
export function openPassphraseFile(path: string): PassphraseFileReader {
  let known: { readonly stamp: string; readonly file: PassphraseFile } | undefined;
  return {
    async read() {
      try {
        const file = await open(path, 'r');
        try {
          const { ino, size, mtimeMs, ctimeMs } = await file.stat();
          const stamp = [ino, size, mtimeMs, ctimeMs].join(' ');
          if (known?.stamp === stamp) return known.file;
          const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
          known = { stamp, file: parse(buffer.toString('latin1', 0, bytesRead), path) };
          return known.file;
        } finally {
          await file.close();
        }
      } catch (error) {
        known = undefined;
        if (error instanceof InputError) throw error;
        throw bad(path, 'cannot be read');
      }
    },
  };
}

function parse(content: string, path: string): PassphraseFile {
  const text = content.trim();
  const hash = parseScryptHash(text);
  if (hash === undefined) throw bad(path, 'does not hold a passphrase as cozy-stack stores it');
  return { hash, digest: createHash('sha256').update(text).digest() };
}

function bad(path: string, problem: string): InputError {
  return new InputError(
    'bad_admin_passphrase',
    `The file with the admin passphrase ${problem}`,
    { file: path },
    `Write it anew: cozy-fleet serve passwd --force --file ${shellWord(path)}`,
  );
}
