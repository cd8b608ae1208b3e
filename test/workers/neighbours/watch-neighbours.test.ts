import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, readdir, rename, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type MachineDirectory,
  openMachineDirectory,
} from '../../../src/workers/neighbours/machine-directory.ts';
import { showPresence } from '../../../src/workers/neighbours/presence.ts';
import { watchNeighbours } from '../../../src/workers/neighbours/watch-neighbours.ts';
import { Signal } from '../../support/chaos-signal.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

describe('a worker and the others of its machine', () => {
  let cleanup: Cleanup;
  let path: string;
  let directory: MachineDirectory;

  before(function () {
    // Elsewhere nobody meets: the locks decide.
    if (process.platform !== 'linux') this.skip();
  });
  beforeEach(async () => {
    cleanup = new Cleanup();
    const temporary = cleanup.add(await temporaryDirectory('neighbours'), (each) => each.remove());
    path = join(temporary.path, 'workers');
    directory = cleanup.add(await opened(), (each) => each.close());
  });
  afterEach(() => cleanup.run());

  async function opened(): Promise<MachineDirectory> {
    const found = await openMachineDirectory(path);
    if ('unsuitable' in found) throw new Error(found.unsuitable);
    return found;
  }

  /** A socket that listens, and how to have the kernel close it as at the end of its process: with its name left. */
  async function socketOf(workerId: string): Promise<{ readonly name: string; die(): Promise<void> }> {
    const server = createServer();
    const made = `${workerId}.new`;
    await new Promise<void>((resolve) => server.listen({ path: directory.at(made) }, resolve));
    const name = await directory.publish(made, workerId);
    let dead: Promise<void> | undefined;
    const die = (): Promise<void> => {
      dead ??= new Promise((resolve) => server.close(() => resolve()));
      return dead;
    };
    cleanup.add(server, die);
    return { name, die };
  }

  async function stateOf(name: string): Promise<string> {
    const met = await directory.meet(name);
    if (met.state === 'alive') met.socket.destroy();
    return met.state;
  }

  it('is alive while its socket listens', async () => {
    const presence = await showPresence(directory, randomUUID());
    const [name = ''] = await directory.names();
    expect(await stateOf(name)).to.equal('alive');
    await presence.leave();
  });

  it('is dead when its socket is there and nobody listens', async () => {
    const { name, die } = await socketOf(randomUUID());
    await die();
    expect(await stateOf(name)).to.equal('dead');
  });

  it('is not dead when it has left', async () => {
    const presence = await showPresence(directory, randomUUID());
    const [name = ''] = await directory.names();
    await presence.leave();
    expect(await stateOf(name)).to.equal('unknown');
    expect(await readdir(path)).to.deep.equal([]);
  });

  it('is not dead before it has listened for the first time', async () => {
    const server = createServer();
    await new Promise<void>((resolve) =>
      server.listen({ path: directory.at(`${randomUUID()}.new`) }, resolve),
    );
    expect(await directory.names()).to.deep.equal([]);
    await new Promise((resolve) => server.close(resolve));
  });

  it('is not taken for dead by a socket that is another entry than the one it made', async () => {
    const [living, dead] = [await socketOf(randomUUID()), await socketOf(randomUUID())];
    await dead.die();
    // As in a copy of the directory: under the name of the first, nobody listens.
    await rename(join(path, dead.name), join(path, living.name));
    expect(await stateOf(living.name)).to.equal('unknown');
  });

  it('is not taken for dead by what is no socket', async () => {
    const { name } = await socketOf(randomUUID());
    await writeFile(join(path, 'file'), '');
    await rename(join(path, 'file'), join(path, name));
    expect(await stateOf(name)).to.equal('unknown');
  });

  it('stays known by a second name of the same socket', async () => {
    const { name } = await socketOf(randomUUID());
    const other = `${randomUUID()}${name.slice(name.indexOf('.'))}`;
    await link(join(path, name), join(path, other));
    expect(await stateOf(other)).to.equal('alive');
  });

  it('meets nobody in a directory that others may enter', async () => {
    await chmod(path, 0o750);
    expect(await openMachineDirectory(path)).to.deep.equal({
      unsuitable: 'its directory is open to other users',
    });
  });

  it('meets nobody in a file system that its kernel does not have for itself', async () => {
    expect(await openMachineDirectory('/proc/self/fd')).to.deep.equal({
      unsuitable: 'its directory may be shared with other machines',
    });
  });

  it('has room for its socket however long the path of the directory is', async () => {
    path = join(path, 'x'.repeat(200));
    await mkdir(path, { recursive: true, mode: 0o700 });
    const deep = cleanup.add(await opened(), (each) => each.close());
    const presence = await showPresence(deep, randomUUID());
    const [name = ''] = await deep.names();
    const met = await deep.meet(name);
    expect(met.state).to.equal('alive');
    if (met.state === 'alive') met.socket.destroy();
    await presence.leave();
  });

  it('removes what a former start of the machine has left, and nobody who lives', async () => {
    const living = await socketOf(randomUUID());
    const stale = await socketOf(randomUUID());
    const longAgo = `${randomUUID()}.0123456789abcdef`;
    await rename(join(path, stale.name), join(path, longAgo));
    for (const name of [living.name, longAgo]) await utimes(join(path, name), 0, 0);
    await directory.removeForgotten();
    expect(await readdir(path)).to.deep.equal([living.name]);
  });

  describe('that is watched', () => {
    /** The first worker that was found dead; fails with what goes wrong before. */
    function firstDeath(self: string): Promise<string> {
      const death = new Signal<string>();
      const trouble = new AbortController();
      const watch = watchNeighbours({
        directory,
        self,
        onDead: async (workerId) => death.give(workerId),
        onError: (error) => trouble.abort(error),
      });
      cleanup.add(watch, (each) => each.stop());
      return death.orUntil(trouble.signal);
    }

    it('is found dead when its process ends, and nobody else is', async () => {
      const [victim, self] = [randomUUID(), randomUUID()];
      await socketOf(randomUUID());
      const { die } = await socketOf(victim);
      const own = await socketOf(self);
      await own.die();
      const death = firstDeath(self);
      await die();
      expect(await death).to.equal(victim);
    });

    it('is found dead where its process had ended before anybody watched', async () => {
      const victim = randomUUID();
      const { die } = await socketOf(victim);
      await die();
      expect(await firstDeath(randomUUID())).to.equal(victim);
    });
  });
});
