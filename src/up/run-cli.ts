import { type ChildProcess, fork, type StdioOptions, spawn } from 'node:child_process';

/** How this very program was started; what is told to our children must reach the same code. */
function program(): { entry: string; execArgv: string[] } {
  const [, entry = ''] = process.argv;
  return { entry, execArgv: process.execArgv };
}

/** Starts a command of ours that ends with us; it does not hear a Ctrl-C meant for us. */
export function forkCommand(args: readonly string[], env: NodeJS.ProcessEnv, output: number): ChildProcess {
  const { entry, execArgv } = program();
  const stdio: StdioOptions = ['ignore', output, output, 'ipc'];
  return fork(entry, args, { execArgv, env, stdio, detached: true });
}

/** Starts a command of ours at the same terminal, as if it had been typed there. */
export function spawnCommand(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const { entry, execArgv } = program();
  return spawn(process.execPath, [...execArgv, entry, ...args], { env, stdio: 'inherit' });
}
