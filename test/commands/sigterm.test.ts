import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../support/cli-platform.ts';
import { ownModule } from '../support/own-process.ts';
import { putInstances } from '../support/put-instances.ts';
import { submit } from '../support/submit.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';

const MAIN = ownModule('../support/run-cli-main', import.meta.url);

/** Milliseconds. What does not end by the signal does not end at all, or waits for Redis: a busy machine is not to be taken for that. */
const SOON = 10_000;

const INTERRUPTED = 130;

describe('SIGTERM', function () {
  this.timeout(60_000);

  let platform: CliPlatform;
  let directory: TemporaryDirectory;
  const children: ChildProcess[] = [];
  let said = '';

  before(async () => {
    platform = await startPlatform();
    directory = await temporaryDirectory('sigterm');
    await putInstances(platform.server, [{ domain: 'zoe.example.org' }]);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  after(async () => {
    await platform.close();
    await directory.remove();
  });

  /** A command whose stdin stays open. */
  function start(config: string, ...argv: string[]): ChildProcess {
    const child = spawn(process.execPath, [...MAIN.execArgv, MAIN.file, ...argv, '--config', config]);
    children.push(child);
    said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    child.stdin.on('error', () => undefined);
    return child;
  }

  /** The signal or the exit code that it ends with. */
  async function ends(child: ChildProcess): Promise<unknown> {
    const ended = once(child, 'exit');
    const asked = performance.now();
    child.kill('SIGTERM');
    const [code, signal] = await ended;
    expect(performance.now() - asked).to.be.below(SOON);
    return signal ?? code;
  }

  it('ends a command that reads a huge file of slow rows', async () => {
    const file = join(directory.path, 'huge.csv');
    const hostile = `a${' '.repeat(900_000)}b,${'\u00c3\u00a9'.repeat(1_000)}\n`;
    await writeFile(file, `domain,public-name\n${hostile.repeat(200)}`);
    const child = start(platform.configFile, 'instances', 'add', '--from', file, '--dry-run');
    await until('a row was read', () => said.includes(':2:'));
    expect(await ends(child)).to.equal('SIGTERM');
  });

  it('ends a command that waits for rows on stdin', async () => {
    const child = start(platform.configFile, 'instances', 'add', '--from', '-');
    // More than a pipe holds: it is written once the command reads.
    await new Promise((written) =>
      child.stdin?.write(`domain\n${'a.example.org\n'.repeat(20_000)}`, written),
    );
    expect(await ends(child)).to.equal('SIGTERM');
  });

  it('ends a command that asks', async () => {
    const child = start(platform.configFile, 'instances', 'destroy', '--domain', '*.example.org');
    await until('it asks', () => said.includes('Are you sure'));
    expect(await ends(child)).to.equal('SIGTERM');
  });

  describe('where Redis takes connections and says nothing', () => {
    let silent: Server;
    let config: string;
    let isAsked = false;

    before(async () => {
      silent = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => {
          isAsked = true;
        });
      }).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const address = silent.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      config = await platform.configure({ redisUrl: `redis://127.0.0.1:${port}` });
    });

    beforeEach(() => {
      isAsked = false;
    });

    after(() => silent.close());

    for (const argv of [
      ['batches', 'ls'],
      ['batches', 'watch', 'ABCDE'],
      ['jobs', 'watch', 'zoe.example.org'],
      ['instances', 'add', 'new.example.org'],
      ['instances', 'modify', 'zoe.example.org', '--locale', 'fr'],
      ['instances', 'destroy', 'zoe.example.org', '--force'],
    ]) {
      it(`ends ${argv.slice(0, 2).join(' ')}`, async () => {
        const child = start(config, ...argv);
        await until('it asks Redis', () => isAsked);
        expect(await ends(child)).to.be.oneOf(['SIGTERM', INTERRUPTED]);
      });
    }
  });

  it('ends a command that follows work while Redis stands still', async () => {
    const { batch } = await submit(platform, 'one.csv', ['domain', 'waits.example.org'], '--async');
    for (const argv of [
      ['batches', 'watch', batch],
      ['jobs', 'watch', 'waits.example.org'],
    ]) {
      const child = start(platform.configFile, ...argv);
      await until('it follows', () => said.includes('No worker is running'));
      process.kill(platform.redis.pid, 'SIGSTOP');
      try {
        expect(await ends(child)).to.equal(INTERRUPTED);
      } finally {
        process.kill(platform.redis.pid, 'SIGCONT');
      }
    }
  });
});
