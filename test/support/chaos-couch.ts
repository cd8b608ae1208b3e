import { spawnEmbeddedCouch } from '../../src/embedded/couchdb/spawn.ts';
import { startTestCouch, type TestCouch } from './servers.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { testPort } from './test-port.ts';

/** A CouchDB that tests may kill, and bring back with another password. */
export interface ChaosCouch {
  /** With the password that the workers know. */
  readonly url: string;
  /** SIGKILL: no goodbye, as a machine that loses its power. */
  kill(): Promise<void>;
  /** Brings it back on its port with its data. */
  start(password?: string): Promise<void>;
  close(): Promise<void>;
}

const USER = 'admin';
const PASSWORD = 'secret';

export async function startChaosCouch(): Promise<ChaosCouch> {
  const directory = await temporaryDirectory('chaos-couchdb');
  const port = await testPort();
  const spawn = (password: string) =>
    spawnEmbeddedCouch({ port, dataDir: directory.path, user: USER, password });
  let running = await spawn(PASSWORD);
  return {
    url: `http://${USER}:${PASSWORD}@127.0.0.1:${port}`,
    async kill() {
      process.kill(running.pid, 'SIGKILL');
      await running.exited;
    },
    async start(password = PASSWORD) {
      running = await spawn(password);
    },
    async close() {
      await running.close();
      await directory.remove();
    },
  };
}

/** The CouchDB of `COUCHDB_URL`, else an embedded one, which leaves this process's core to the workers. */
export function startSharedCouch(): Promise<TestCouch> {
  return startTestCouch({ ownProcess: !process.env['COUCHDB_URL'] });
}
