import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../errors.ts';

const ROOT = 0;

/**
 * Compares who runs the worker with who owns the instances' directories, as that is whom the stack
 * runs as (`ARCHITECTURE.md` §4.5): what the worker makes, the stack must be able to write, and the other way round.
 *
 * @param uid who runs the worker; undefined where the system has no such thing
 * @returns a warning, or undefined when all is well
 * @throws FleetError `wrong_user` when this user could not write what the stack's user owns
 */
export async function checkStorageOwner(
  root: string,
  uid: number | undefined = process.getuid?.(),
): Promise<string | undefined> {
  if (uid === undefined) return undefined;
  const instances = await anInstanceDirectory(root);
  const owner = (await stat(instances ?? root)).uid;
  if (owner === uid) return undefined;
  if (uid === ROOT) {
    return (
      `new directories in ${root} will belong to root, where uid ${owner} owns what is there: ` +
      `a stack that runs as that user could not write to them. ${howToRunAs(owner)}`
    );
  }
  // An empty root that belongs to root and is open to us says nothing about the stack's user.
  if (owner === ROOT && instances === undefined) return undefined;
  throw new FleetError(
    'wrong_user',
    `uid ${owner} owns ${instances ?? root}, and this worker runs as uid ${uid}: each could not write what the other makes`,
    howToRunAs(owner),
  );
}

function howToRunAs(uid: number): string {
  return `Run the worker as that user: sudo -u '#${uid}' cozy-fleet workers start`;
}

/** Any one of them; they are too many to look at all. */
async function anInstanceDirectory(root: string): Promise<string | undefined> {
  for await (const entry of await opendir(root)) {
    if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'lost+found') {
      return join(root, entry.name);
    }
  }
  return undefined;
}
