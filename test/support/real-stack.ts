import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Cleanup } from './cleanup.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { testPort } from './test-port.ts';
import { until } from './until.ts';

const run = promisify(execFile);

const ADMIN = 'password';

/** What a stack shares with a fleet. */
export interface SharedServers {
  /** Path of its program: of a production build, for others update without looking at permissions. */
  readonly program: string;
  /** With credentials. */
  readonly couchUrl: string;
  readonly storageRoot: string;
  /** With the jobs and locks of the stack. */
  readonly redisUrl: string;
  readonly registryUrl: string;
}

/** A stack that runs beside the workers of a test. */
export interface RealStack {
  /** Its own command line, such as `apps update`. @returns what it printed @throws where it fails */
  cli(...argv: readonly string[]): Promise<string>;
  /** What it answers to a visitor of that host. */
  get(host: string, path: string): Promise<{ readonly status: number; readonly body: string }>;
  close(): Promise<void>;
}

/** Starts a stack on ports of its own, whose konnectors all succeed and whose services never run. */
export async function startRealStack(shared: SharedServers): Promise<RealStack> {
  const cleanup = new Cleanup();
  try {
    const directory = cleanup.add(await temporaryDirectory('stack'), (each) => each.remove());
    const [port, adminPort] = [await testPort(), await testPort()];
    const at = (name: string) => join(directory.path, name);
    const config = at('cozy.yaml');
    const root = process.getuid?.() === 0 ? ['--allow-root'] : [];
    await writeFile(at('empty.yaml'), '');
    await writeFile(config, yamlOf(shared, { port, adminPort, directory: directory.path }));
    await run(shared.program, ['-c', at('empty.yaml'), 'config', 'gen-keys', at('vault')]);
    await run(shared.program, ['-c', at('empty.yaml'), 'config', 'passwd', at('cozy-admin-passphrase')], {
      env: { ...process.env, COZY_ADMIN_PASSPHRASE: ADMIN },
    });
    const child = spawn(shared.program, ['-c', config, 'serve', ...root], {
      // It looks for the hash of its passphrase there.
      cwd: directory.path,
      stdio: 'ignore',
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    cleanup.add(child, async () => {
      child.kill('SIGTERM');
      await ended;
    });
    const get: RealStack['get'] = (host, path) => ask(port, host, path);
    await until('the stack answers', async () => {
      if (child.exitCode !== null) throw new Error(`the stack ended with ${child.exitCode}`);
      return (await get('localhost', '/version').catch(() => undefined))?.status === 200;
    });
    const ports = ['--host', '127.0.0.1', '--port', String(port), '--admin-port', String(adminPort)];
    return {
      get,
      async cli(...argv) {
        const { stdout } = await run(shared.program, ['-c', config, ...ports, ...argv], {
          env: { ...process.env, COZY_ADMIN_PASSWORD: ADMIN },
        });
        return stdout;
      },
      close: () => cleanup.run(),
    };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

interface Place {
  readonly port: number;
  readonly adminPort: number;
  readonly directory: string;
}

/** All that a stack keeps in Redis; a fleet reaches the jobs and the locks in database 0. */
const REDIS_USES = [
  ...['jobs', 'lock', 'cache', 'sessions', 'downloads', 'konnectors', 'realtime', 'log', 'rate_limiting'],
];

function yamlOf(shared: SharedServers, { port, adminPort, directory }: Place): string {
  const address = new URL(shared.redisUrl).host;
  return JSON.stringify({
    host: '127.0.0.1',
    port,
    admin: { host: '127.0.0.1', port: adminPort, secret_filename: 'cozy-admin-passphrase' },
    couchdb: { url: shared.couchUrl },
    fs: { url: `file://${shared.storageRoot}` },
    vault: {
      credentials_encryptor_key: join(directory, 'vault.enc'),
      credentials_decryptor_key: join(directory, 'vault.dec'),
    },
    redis: { addrs: address, databases: Object.fromEntries(REDIS_USES.map((use) => [use, 0])) },
    jobs: { allowlist: true, workers: { konnector: { concurrency: 2, timeout: '30s' } } },
    konnectors: { cmd: '/bin/true' },
    registries: { default: [shared.registryUrl] },
    // A production build asks nobody on this machine otherwise.
    safe_http: { trusted_private_networks: ['127.0.0.0/8'] },
    log: { level: 'warning' },
  });
}

function ask(port: number, host: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}
