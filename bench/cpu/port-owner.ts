import { readdir, readFile, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { readProcStat } from './proc-stat.ts';

/** State of a socket that listens, as `/proc/net/tcp` writes it. */
const LISTENS = '0A';

/** Numbers of the sockets that listen on a port, as `/proc/net/tcp` and `tcp6` list them. */
export function listeningSockets(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    return local.endsWith(`:${hex}`) && state === LISTENS ? [inode] : [];
  });
}

/**
 * The process that listens where a URL leads, if it runs on this machine and has the name it should have: behind a port
 * that is passed on, such as a container's, there is only who passes it on.
 * @param program what the name of the program is like
 * @returns undefined where that is not seen
 */
export async function portOwner(url: string, program: RegExp): Promise<number | undefined> {
  const { hostname, port, protocol } = new URL(url);
  if (!isOfThisMachine(hostname)) return undefined;
  const number = Number(port) || (protocol === 'https:' ? 443 : 80);
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const sockets = new Set(
    tables.flatMap((table) => listeningSockets(table, number)).map((inode) => `socket:[${inode}]`),
  );
  const owners = (await holdersOf(sockets)).filter(({ name }) => program.test(name));
  // Children may hold what their parent has opened.
  const first = owners.filter(({ parent }) => !owners.some(({ pid }) => pid === parent));
  return first.length === 1 ? first[0]?.pid : undefined;
}

async function holdersOf(links: ReadonlySet<string>) {
  if (links.size === 0) return [];
  const names = await readdir('/proc').catch(() => []);
  const holders = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (pid) => ((await holds(pid, links)) ? await readProcStat(Number(pid)) : undefined)),
  );
  return holders.flatMap((stat) => (stat === undefined ? [] : [stat]));
}

async function holds(pid: string, links: ReadonlySet<string>): Promise<boolean> {
  const handles = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const handle of handles) {
    if (links.has(await readlink(`/proc/${pid}/fd/${handle}`).catch(() => ''))) return true;
  }
  return false;
}

function isOfThisMachine(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host === '::1' || /^127\./.test(host)) return true;
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  );
}
