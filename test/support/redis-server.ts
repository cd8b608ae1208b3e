import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { supervise } from '../../src/embedded/child-process.ts';
import { askRawRedis } from './raw-redis.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { testPort } from './test-port.ts';
import { until } from './until.ts';

/** Each server ends with the process, and a cluster is many. */
process.setMaxListeners(50);

export interface RedisServerOptions {
  /** Settings as on the command line, such as `['--databases', '16']`. */
  readonly settings?: readonly string[];
  /** What its configuration file says; a sentinel must have one, and writes to it. */
  readonly file?: string;
  /** The one it had before, when it comes back. */
  readonly port?: number;
}

/** A `redis-server` of the test's own whose settings, role and health are the test's to choose. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Where it keeps its files. */
  readonly directory: string;
  /** Sends one command and answers the raw reply. */
  ask(name: string, ...parameters: string[]): Promise<string>;
  /** Stops it without ending it: its connections stay open, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Takes it away at once, as a machine that lost its power. */
  kill(): Promise<void>;
  /** Brings it back on the same port, with what it had on its disk. */
  start(): Promise<void>;
  /** Ends it for good and removes its data. */
  close(): Promise<void>;
}

/** Starts a Redis without persistence on a free port. */
export async function startRedisServer({
  settings = [],
  file,
  port,
}: RedisServerOptions = {}): Promise<RedisServer> {
  const directory = await temporaryDirectory('redis-server');
  const ownPort = port ?? (await testPort());
  const config = join(directory.path, 'redis.conf');
  await writeFile(config, `${file ?? "save ''"}\n`);
  const own = [config, '--port', String(ownPort), '--bind', '127.0.0.1', '--dir', directory.path];

  function launch() {
    const child = spawn('redis-server', [...own, ...settings], { stdio: ['ignore', 'pipe', 'pipe'] });
    return supervise(child);
  }
  let running = launch();
  const ready = (): Promise<void> =>
    until(`a Redis answers at ${ownPort}: ${running.lastWords()}`, async () => {
      if (running.child.exitCode !== null) throw new Error(`redis-server ended: ${running.lastWords()}`);
      return (await askRawRedis(ownPort, ['PING'])) !== undefined;
    });
  await ready();
  return {
    port: ownPort,
    url: `redis://127.0.0.1:${ownPort}`,
    directory: directory.path,
    async ask(name, ...parameters) {
      const answer = await askRawRedis(ownPort, [name, ...parameters]);
      if (answer === undefined) throw new Error(`no answer to ${name} ${parameters.join(' ')}`);
      return answer;
    },
    freeze: () => void running.child.kill('SIGSTOP'),
    thaw: () => void running.child.kill('SIGCONT'),
    async kill() {
      running.child.kill('SIGKILL');
      await running.exited;
    },
    async start() {
      running = launch();
      await ready();
    },
    async close() {
      running.child.kill('SIGKILL');
      await running.exited;
      await directory.remove();
    },
  };
}
