import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { ServeConfig } from '../../config/config.ts';
import { isFile } from '../../config/find-config-file.ts';
import { shellWord } from '../../shell-quoted.ts';
import { type Finding, findingsOf } from './finding.ts';

const found = findingsOf('configuration');
const ofServe = findingsOf('serve');

/** A file with a secret in it. */
export interface SecretFile {
  readonly path: string;
  /** What it is, for a sentence. */
  readonly what: string;
}

/** Whether somebody else can read them; what cannot be looked at is told where it is needed. */
export async function checkSecretFiles(files: readonly SecretFile[]): Promise<Finding[]> {
  const looked = await Promise.all(files.map(async (file) => ({ ...file, mode: await modeOf(file.path) })));
  const open = looked.flatMap((file) => judgeMode(file));
  const seen = looked.filter(({ mode }) => mode !== undefined).length;
  if (open.length > 0 || seen === 0) return open;
  return [found.ok('secret-files', 'no other user can read the files with secrets')];
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode;
  } catch {
    return undefined;
  }
}

export function judgeMode({
  path,
  what,
  mode,
}: SecretFile & { readonly mode: number | undefined }): Finding[] {
  if (mode === undefined || (mode & (constants.S_IROTH | constants.S_IWOTH)) === 0) return [];
  const may = (mode & constants.S_IWOTH) === 0 ? 'read' : 'write to';
  const text = `every user of this machine can ${may} ${path}, ${what}`;
  return [found.warn('secret-files', text, `chmod o-rwx ${shellWord(path)}`)];
}

/** Whether `serve` could start: it needs the file with the admin passphrase, the first that is there. */
export async function checkServe({ adminPassphraseFiles }: ServeConfig): Promise<Finding[]> {
  const path = adminPassphraseFiles.find(isFile);
  if (path === undefined) {
    const text = 'no admin passphrase is set: cozy-fleet serve would not start';
    return [
      ofServe.warn(
        'admin-passphrase',
        text,
        'Where its pages or its API are wanted: cozy-fleet serve passwd',
      ),
    ];
  }
  try {
    await access(path, constants.R_OK);
    return [ofServe.ok('admin-passphrase', `the admin passphrase is in ${path}`)];
  } catch {
    const text = `${path}, with the admin passphrase, cannot be read by this user`;
    return [
      ofServe.warn(
        'admin-passphrase',
        text,
        `Let the user that runs cozy-fleet serve read it: chown <user> ${shellWord(path)}`,
      ),
    ];
  }
}
