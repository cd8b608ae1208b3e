import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { openTemporaryFile } from './temporary-file.ts';

/** Rows of a page. */
const MOST_ROWS = 500;

/** Characters after which a page is written, however few rows it has. */
const MOST_CHARACTERS = 1024 ** 2;

/**
 * Most bytes of all rows: some 800,000 short ones. What is larger is read again, rather than to fill a disk that Redis or CouchDB may be
 * on too, several uploads at a time.
 */
const MOST_BYTES = 256 * 1024 ** 2;

const CIPHER = 'aes-256-gcm';
const TAG_BYTES = 16;

/** Rows that were checked, kept in a temporary file so that they are not read and checked once more. */
export interface KeptRows<Row> {
  /** Adds a row behind the others; plain JSON. @throws where there are too many */
  add(row: Row): Promise<void>;
  /** To be called behind the last row. */
  end(): Promise<void>;
  /** All rows in their order, page by page, as often as asked; only once `end` was called. */
  pages(): AsyncGenerator<readonly Row[]>;
  /** Lets go of them; nothing is left of the file then. */
  close(): Promise<void>;
}

/** A page in the file. */
interface Page {
  readonly position: number;
  readonly bytes: number;
}

/**
 * What is written is encrypted under a key that only this process has, and never writes down: rows may hold passphrases. That
 * a page is opened proves that it is what was written here, so that nothing of it has to be looked at again.
 * @param most bytes of the file
 * @throws what the file system says, as do all that write and read
 */
export async function createKeptRows<Row>(most = MOST_BYTES): Promise<KeptRows<Row>> {
  const file = await openTemporaryFile();
  const key = randomBytes(32);
  const known: Page[] = [];
  let size = 0;
  let rows = 0;
  let text = '';

  async function flush(): Promise<void> {
    if (rows === 0) return;
    const cipher = createCipheriv(CIPHER, key, nonceOf(known.length));
    const parts = [cipher.update(`[${text}]`, 'utf8'), cipher.final()];
    const bytes = Buffer.concat([...parts, cipher.getAuthTag()]);
    rows = 0;
    text = '';
    if (size + bytes.length > most) throw new Error('there are more rows than are kept');
    await writeAll(file, bytes, size);
    known.push({ position: size, bytes: bytes.length });
    size += bytes.length;
  }

  return {
    async add(row) {
      text += `${rows === 0 ? '' : ','}${JSON.stringify(row)}`;
      rows += 1;
      if (rows >= MOST_ROWS || text.length >= MOST_CHARACTERS) await flush();
    },

    end: flush,

    async *pages() {
      for (const [at, { position, bytes }] of known.entries()) {
        const written = await readAll(file, bytes, position);
        const decipher = createDecipheriv(CIPHER, key, nonceOf(at));
        decipher.setAuthTag(written.subarray(-TAG_BYTES));
        const opened = decipher.update(written.subarray(0, -TAG_BYTES));
        const page: readonly Row[] = JSON.parse(Buffer.concat([opened, decipher.final()]).toString('utf8'));
        yield page;
      }
    },

    close: () => file.close(),
  };
}

/** Each page has one of its own under the key, which encrypts no other pages. */
function nonceOf(page: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(page);
  return nonce;
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function readAll(file: FileHandle, length: number, position: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw new Error('rows that were kept are gone from their file');
    done += bytesRead;
  }
  return bytes;
}
