import { randomBytes } from 'node:crypto';
import type { UploadOnDesk } from '../../fleet-api/fleet-desk.ts';

/** A file that was checked, and waits for its operator to have it queued. */
export interface KeptUpload {
  readonly id: string;
  readonly upload: UploadOnDesk;
}

/** Files that wait between check and confirmation; they are private copies without a name, which go with the process. */
export interface KeptUploads {
  /** Keeps one for that operator; the oldest of all makes room where there are too many. */
  keep(owner: string, upload: UploadOnDesk): KeptUpload;
  /** Undefined where it was queued already, was kept for too long, or is another operator's. */
  find(owner: string, id: string): KeptUpload | undefined;
  /** The same; from now on it is the caller's to close. */
  take(owner: string, id: string): KeptUpload | undefined;
  close(): Promise<void>;
}

/** Each is as large as an upload may be, and lies on the disk for temporary files. */
const MOST_KEPT = 5;

/** Long enough to read a thousand problems. */
const KEPT_MS = 30 * 60_000;

const ID_BYTES = 16;

interface Entry extends KeptUpload {
  readonly owner: string;
  readonly timer: NodeJS.Timeout;
}

export function keepUploads(keptMs = KEPT_MS): KeptUploads {
  const entries = new Map<string, Entry>();

  function remove(id: string): Entry | undefined {
    const entry = entries.get(id);
    clearTimeout(entry?.timer);
    entries.delete(id);
    return entry;
  }

  function find(owner: string, id: string): Entry | undefined {
    const entry = entries.get(id);
    return entry?.owner === owner ? entry : undefined;
  }

  async function drop(id: string): Promise<void> {
    await remove(id)?.upload.close();
  }

  return {
    find,
    keep(owner, upload) {
      const [oldest] = entries.keys();
      if (oldest !== undefined && entries.size >= MOST_KEPT) void drop(oldest).catch(() => undefined);
      const id = randomBytes(ID_BYTES).toString('base64url');
      const timer = setTimeout(() => void drop(id).catch(() => undefined), keptMs);
      const entry = { id, owner, upload, timer: timer.unref() };
      entries.set(id, entry);
      return entry;
    },
    take(owner, id) {
      return find(owner, id) && remove(id);
    },
    async close() {
      await Promise.all([...entries.keys()].map(drop));
    },
  };
}
