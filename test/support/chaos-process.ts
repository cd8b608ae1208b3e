import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { z } from 'zod';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import type { KeyedFleet } from '../../src/jobs/fleet/fleet.ts';
import { ownModule } from './own-process.ts';
import type { WorkerSettings } from './worker-settings.ts';

const event = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready') }),
  z.object({ event: z.literal('listening'), url: z.string() }),
  z.object({ event: z.literal('held'), at: z.string() }),
  z.object({ event: z.literal('log'), message: z.string() }),
  z.object({
    event: z.literal('answer'),
    answer: z.object({ state: z.enum(['queued', 'joined', 'busy']), jobId: z.string() }),
  }),
]);

type ChaosEvent = z.infer<typeof event>;

export type ProducerAnswer = Extract<ChaosEvent, { event: 'answer' }>['answer'];

/** A child process that tells what happens to it; it is killed at the latest when ours ends. */
class ChaosProcess {
  readonly #child: ChildProcess;
  readonly #events: ChaosEvent[] = [];
  readonly #changed = new EventEmitter();
  readonly #exited: Promise<unknown>;
  #lastWords = '';

  constructor(path: string) {
    const { file, execArgv } = ownModule(path, import.meta.url);
    this.#child = fork(file, [], {
      execArgv: [...execArgv],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.on('message', (message) => {
      this.#events.push(event.parse(message));
      this.#changed.emit('change');
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString('utf8')).slice(-2000);
    });
    const killWithUs = (): void => {
      this.#child.kill('SIGKILL');
    };
    process.once('exit', killWithUs);
    this.#exited = once(this.#child, 'exit').then(() => {
      process.off('exit', killWithUs);
      this.#changed.emit('change');
    });
  }

  send(message: object): void {
    this.#child.send(message);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for an event that was not waited for before. */
  async next<T>(what: string, choose: (event: ChaosEvent) => T | undefined): Promise<T> {
    for (;;) {
      for (const [at, each] of this.#events.entries()) {
        const found = choose(each);
        if (found === undefined) continue;
        this.#events.splice(at, 1);
        return found;
      }
      if (this.#hasEnded) throw new Error(`the process ended without ${what}: ${this.#lastWords.trim()}`);
      await once(this.#changed, 'change');
    }
  }

  async exited(): Promise<void> {
    await this.#exited;
  }

  /** Ends it, be it stopped, busy or gone already. */
  async kill(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

export interface ChaosWorker {
  /** Fulfilled when the first job waits at that boundary, such as `before finish`. */
  held(at: string): Promise<void>;
  goOn(at: string): void;
  /** Fulfilled at a line of its log in which the pattern is found. */
  logged(pattern: RegExp): Promise<string>;
  /** SIGSTOP: it sleeps, as a machine that swaps or is suspended. */
  pause(): void;
  /** SIGCONT. */
  wake(): void;
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Starts a worker in a process of its own. @param holdAt boundaries at which the first job to arrive is held */
export async function startChaosWorker(
  settings: WorkerSettings,
  holdAt: readonly string[] = [],
): Promise<ChaosWorker> {
  const child = new ChaosProcess('./chaos-worker');
  child.send({ order: 'start', settings, holdAt });
  await orKill(
    child,
    child.next('starting', (each) => (each.event === 'ready' ? true : undefined)),
  );
  return {
    async held(at) {
      await child.next(`being held ${at}`, (each) =>
        each.event === 'held' && each.at === at ? true : undefined,
      );
    },
    goOn: (at) => child.send({ order: 'go on', at }),
    logged: (pattern) =>
      child.next(`logging ${pattern}`, (each) =>
        each.event === 'log' && pattern.test(each.message) ? each.message : undefined,
      ),
    pause: () => child.signal('SIGSTOP'),
    wake: () => child.signal('SIGCONT'),
    async stop() {
      child.send({ order: 'stop' });
      await child.exited();
    },
    kill: () => child.kill(),
  };
}

export interface ChaosProducer {
  /** Adds one instance as a command does. */
  add(options: InstanceOptions): Promise<ProducerAnswer>;
  kill(): Promise<void>;
}

/** Starts a process that adds instances. */
export async function startChaosProducer(
  { redis, prefix }: Pick<WorkerSettings, 'redis' | 'prefix'>,
  { sealKey }: KeyedFleet,
): Promise<ChaosProducer> {
  const child = new ChaosProcess('./chaos-producer');
  child.send({ order: 'start', redis, prefix, sealKey });
  await orKill(
    child,
    child.next('starting', (each) => (each.event === 'ready' ? true : undefined)),
  );
  return {
    add(options) {
      child.send({ order: 'add', options });
      return child.next('an answer', (each) => (each.event === 'answer' ? each.answer : undefined));
    },
    kill: () => child.kill(),
  };
}

export interface ChaosServer {
  readonly url: string;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Starts a server that makes and destroys instances over HTTP, in a process of its own. */
export async function startChaosServer(settings: WorkerSettings): Promise<ChaosServer> {
  const child = new ChaosProcess('./chaos-serve');
  child.send({ settings });
  const url = await orKill(
    child,
    child.next('listening', (each) => (each.event === 'listening' ? each.url : undefined)),
  );
  return { url, kill: () => child.kill() };
}

async function orKill<T>(child: ChaosProcess, started: Promise<T>): Promise<T> {
  try {
    return await started;
  } catch (error) {
    await child.kill();
    throw error;
  }
}
