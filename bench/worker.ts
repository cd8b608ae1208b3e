import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { ownModule } from '../test/support/own-process.ts';
import { type WorkerAnswer, type WorkerOrder, type WorkerUsage, workerAnswer } from './worker-messages.ts';

export interface BenchWorker {
  /** CPU and requests since the process began. */
  usage(): Promise<WorkerUsage>;
  stop(): Promise<void>;
}

/**
 * Forks a worker and waits until it takes jobs.
 * @param execArgv more options for its Node, such as `--cpu-prof`
 */
export async function forkWorker(
  start: Omit<Extract<WorkerOrder, { kind: 'start' }>, 'kind'>,
  execArgv: readonly string[] = [],
): Promise<BenchWorker> {
  const main = ownModule('./worker-process', import.meta.url);
  const child = fork(main.file, [], { execArgv: [...main.execArgv, ...execArgv] });
  await ask(child, { kind: 'start', ...start });
  return {
    async usage() {
      const answer = await ask(child, { kind: 'usage' });
      if (answer.kind !== 'usage') throw new Error(`the worker answered ${answer.kind}`);
      return answer;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.send({ kind: 'stop' });
      await exited;
    },
  };
}

/** One order at a time, so the next answer is the order's. */
async function ask(child: ChildProcess, order: WorkerOrder): Promise<WorkerAnswer> {
  const ended = new AbortController();
  try {
    const gone = once(child, 'exit', { signal: ended.signal }).then(() => {
      throw new Error("the worker's process ended");
    });
    const message = once(child, 'message', { signal: ended.signal });
    child.send(order);
    const [text] = await Promise.race([message, gone]);
    const answer = workerAnswer.parse(text);
    if (answer.kind === 'failed') throw new Error(`the worker failed: ${answer.message}`);
    return answer;
  } finally {
    ended.abort();
  }
}
