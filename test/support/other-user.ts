import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `nobody` on most systems; what matters is that it is not us. */
const OTHER = 65_534;

/** Only root can be somebody else. */
export const canBeAnother = process.getuid?.() === 0;

/** Runs a program as another local user. @returns what it printed, however it ended */
export async function asAnother(program: string, ...args: string[]): Promise<string> {
  const options = { uid: OTHER, gid: OTHER, cwd: '/', env: { PATH: process.env['PATH'] } };
  try {
    const { stdout, stderr } = await run(program, args, options);
    return stdout + stderr;
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && 'stderr' in error) {
      return `${String(error.stdout)}${String(error.stderr)}`;
    }
    throw error;
  }
}
