const { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } = require('node:fs');
const { availableParallelism, freemem } = require('node:os');

// Node 22 and later keep what they compiled for the next process; the tests start hundreds of the same program.
process.env.NODE_COMPILE_CACHE ??= `${__dirname}/node_modules/.cache/node-compile`;

/** What must be free for files in memory, in bytes: some times what the tests have at once, which is up to 200 MB. */
const ROOM = 1024 ** 3;
const MEMORY = '/dev/shm';

const NAME = 'cozy-fleet-tests-';

/** A server that was told to end may write for a moment still; what is left then, the next run removes. */
function remove(directory) {
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // The tests have passed or not, whatever becomes of their files.
  }
}

/** A run that was killed has left its files in memory. */
function removeAbandoned() {
  for (const name of readdirSync(MEMORY)) {
    const [, pid] = /^cozy-fleet-tests-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    remove(`${MEMORY}/${name}`);
  }
}

/** Whether this machine has a file system in memory with room, from which programs may be started. */
function hasRoomInMemory() {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
    const [, , type, options = ''] = mounts.find((each) => each.split(' ')[1] === MEMORY)?.split(' ') ?? [];
    const { bavail, bsize } = statfsSync(MEMORY);
    const isUsable = type === 'tmpfs' && !options.split(',').includes('noexec');
    return isUsable && bavail * bsize > ROOM && freemem() > ROOM;
  } catch {
    // Other systems have none of this.
    return false;
  }
}

// Hundreds of small databases are made and removed, which is most of what the kernel does for the tests, and nothing of
// it outlives them. Programs that they start find the place in their environment.
if (process.env.TMPDIR === undefined && hasRoomInMemory()) {
  removeAbandoned();
  const directory = mkdtempSync(`${MEMORY}/${NAME}${process.pid}-`);
  process.env.TMPDIR = directory;
  process.once('exit', () => remove(directory));
}

/** How the tests run that scripts/build-tests.mjs compiled. */
module.exports = {
  'node-option': ['enable-source-maps'],
  timeout: 60_000,
  'forbid-only': true,
  'forbid-pending': false,
  reporter: 'test/support/summary-reporter.cjs',
  // Each file has servers of its own, unless all are to use one CouchDB: its `global/instances` is the same for all.
  parallel: process.env.COUCHDB_URL === undefined,
  // They wait for servers, locks and other processes for a good part of their time.
  jobs: Math.min(availableParallelism() + 1, 3),
};
