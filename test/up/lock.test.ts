import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { InputError } from '../../src/errors.ts';
import { takeLock } from '../../src/up/lock.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('lock of up', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('lock');
  });

  afterEach(() => directory.remove());

  const file = () => join(directory.path, 'up.lock');

  /** A process other than ours, which lives until it is killed. */
  async function somebody() {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000); console.log(1)'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    const end = async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
    return { pid: child.pid ?? 0, end };
  }

  /** As `takeLock` writes it for that process. */
  async function lockOf(pid: number): Promise<string> {
    if (process.platform !== 'linux') return `${pid} \n`;
    const startedAt = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')[21];
    return `${pid} ${startedAt}\n`;
  }

  it('is free after its release', async () => {
    const first = await takeLock(directory.path);
    expect(first.takenOver).to.equal(false);
    first.release();
    const second = await takeLock(directory.path);
    expect(second.takenOver).to.equal(false);
    second.release();
  });

  it('is refused while its process lives', async () => {
    const other = await somebody();
    await writeFile(file(), await lockOf(other.pid));
    const error = await thrownBy(takeLock(directory.path));
    await other.end();
    expect(error).to.be.instanceOf(InputError).and.include({ code: 'already_up' });
    expect(error).to.have.property('message').that.includes(`process ${other.pid}`);
  });

  it('is taken over when its process lives no more', async () => {
    const other = await somebody();
    await writeFile(file(), await lockOf(other.pid));
    await other.end();
    const lock = await takeLock(directory.path);
    expect(lock.takenOver).to.equal(true);
    lock.release();
  });

  it('is taken over when another process has the same id by now', async function () {
    if (process.platform !== 'linux') this.skip();
    const other = await somebody();
    await writeFile(file(), `${other.pid} 1\n`);
    const lock = await takeLock(directory.path);
    await other.end();
    expect(lock.takenOver).to.equal(true);
    lock.release();
  });

  it('is taken over when it cannot be read', async () => {
    await writeFile(file(), '');
    const lock = await takeLock(directory.path);
    expect(lock.takenOver).to.equal(true);
    lock.release();
  });
});
