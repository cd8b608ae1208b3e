import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FleetError } from '../../errors.ts';
import { ownFile } from '../../own-file.ts';
import { type Supervised, supervise } from '../child-process.ts';
import { withPrivateUmask } from '../private-umask.ts';

export interface SpawnedCouchOptions {
  readonly port: number;
  readonly dataDir: string;
  readonly user: string;
  readonly password: string;
}

export interface SpawnedCouch {
  /** Without credentials. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Fulfilled when it has ended, for whatever reason. */
  readonly exited: Promise<void>;
  close(): Promise<void>;
}

/** Starts the embedded CouchDB in a process of its own, which ends when ours does. */
export async function spawnEmbeddedCouch(options: SpawnedCouchOptions): Promise<SpawnedCouch> {
  const { port, dataDir, user, password } = options;
  const extension = extname(fileURLToPath(import.meta.url));
  const main = fileURLToPath(ownFile(`embedded/couchdb/main${extension}`));
  const child = withPrivateUmask(() =>
    fork(main, [], {
      // From the sources, TypeScript needs its loader; built, nothing.
      execArgv: extension === '.ts' ? [`--import=${loader()}`] : [],
      // By environment, since arguments are shown to everybody in the process list.
      env: {
        ...process.env,
        FLEET_COUCH_PORT: String(port),
        FLEET_COUCH_DIR: dataDir,
        FLEET_COUCH_USER: user,
        FLEET_COUCH_PASSWORD: password,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Ctrl-C goes to every process of the terminal's group; the databases must outlive the workers.
      detached: true,
    }),
  );
  const running = supervise(child);
  const url = await ready(running);
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    exited: running.exited,
    close: () => running.stop(),
  };
}

/** By its path: its name would be looked up from wherever the command was typed. */
function loader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
}

async function ready(running: Supervised): Promise<string> {
  const line = new Promise<string>((resolve) => {
    running.child.stdout?.on('data', () => {
      const url = /^ready (\S+)\n/m.exec(running.lastWords())?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const first = await Promise.race([line, running.exited]);
  if (first !== undefined) return first;
  throw new FleetError(
    'couch_not_started',
    `the embedded CouchDB did not start: ${running.lastWords().trim()}`,
  );
}
