import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What anybody on this machine can see of a process. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** Program and arguments, with blanks between them; empty for one of the kernel's own. */
  readonly command: string;
}

/** All processes of this machine. A bare Linux has no `ps`, and other systems have no `/proc`. */
export function listProcesses(): SeenProcess[] {
  if (!existsSync('/proc/self/stat')) return listedByPs();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // The name of the program comes before, in brackets, and may hold anything.
        const [, parent] = /.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(name), parent: Number(parent), command }];
      } catch {
        // It ended between two of these lines.
        return [];
      }
    });
}

function listedByPs(): SeenProcess[] {
  const listed = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return listed.split('\n').flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}
