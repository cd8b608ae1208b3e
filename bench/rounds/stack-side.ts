import { prefixOf } from '../../src/instances/databases/prefix.ts';
import { credentialsOf, member } from '../ask.ts';
import { type CpuClock, clientClock } from '../cpu/cpu-clock.ts';
import { benchOptions } from '../instances.ts';
import { atATime } from '../raw/at-a-time.ts';
import { removeInstances } from '../remove.ts';
import type { BenchServers } from '../servers.ts';
import type { Side } from './side.ts';

export interface StackSideOptions {
  /** Of its admin API. */
  readonly url: string;
  /** Of the admin API; sent with an empty user, as the stack's own command does (`docs/admin-api.md` §1.1). */
  readonly passphrase: string;
  readonly servers: BenchServers;
  readonly server: CpuClock;
  readonly stack: CpuClock;
  readonly concurrency: number;
}

/** A stack beside us, asked by its admin API, with as many clients as the others have instances at a time. */
export function stackSide(options: StackSideOptions): Side {
  const { servers, server, stack, concurrency } = options;
  return {
    name: 'stack',
    described: `POST and DELETE /instances of the admin API at ${new URL(options.url).host}`,
    clocks: [server, stack, clientClock],
    async make(domains, signal) {
      const begun = performance.now();
      await atATime(domains, concurrency, signal, (domain) => create(options, domain));
      const ms = performance.now() - begun;
      await requireSameServer(servers, domains[0] ?? '');
      return { ms };
    },
    async remove(domains, signal) {
      const begun = performance.now();
      await atATime(domains, concurrency, signal, async (domain) => {
        const status = await destroy(options, domain);
        if (status !== 204) throw new Error(`the stack answered ${status} about removing ${domain}`);
      });
      return { ms: performance.now() - begun };
    },
    requests: () => requestsOf(servers),
    async clear(domains) {
      await atATime(domains, concurrency, new AbortController().signal, async (domain) => {
        // One that answers no more has to leave nothing on the server all the same.
        await destroy(options, domain).catch(() => undefined);
      });
      // What it could not remove, or had begun to make.
      await removeInstances(servers.couch, servers.storageRoot, domains);
    },
  };
}

async function create(options: StackSideOptions, domain: string): Promise<void> {
  const { locale, diskQuota, settings } = benchOptions(domain);
  const query = new URLSearchParams({
    Domain: domain,
    Locale: locale,
    DiskQuota: String(diskQuota),
    Timezone: settings['tz'] ?? '',
    Email: settings['email'] ?? '',
    PublicName: settings['public_name'] ?? '',
  });
  const { status, text } = await ask(options, 'POST', `/instances?${query}`);
  if (status !== 201) throw new Error(`the stack answered ${status} about ${domain}: ${text.slice(0, 200)}`);
}

/** @returns the status; 404 where there is none */
async function destroy(options: StackSideOptions, domain: string): Promise<number> {
  return (await ask(options, 'DELETE', `/instances/${domain}`)).status;
}

async function ask({ url, passphrase }: StackSideOptions, method: string, path: string) {
  const authorization = `Basic ${Buffer.from(`:${passphrase}`).toString('base64')}`;
  const response = await fetch(new URL(path, url), { method, headers: { authorization } });
  return { status: response.status, text: await response.text() };
}

/** Its figures would be those of another server. */
async function requireSameServer({ couch }: BenchServers, domain: string): Promise<void> {
  const names = await couch.listDatabases(`${prefixOf(domain)}/`);
  if (names.length === 0) throw new Error('the stack has made its instances on another CouchDB than ours');
}

/** All requests that CouchDB has counted: nobody but the side that is measured sends any. */
async function requestsOf({ couchUrl }: BenchServers): Promise<number | undefined> {
  const { origin, headers } = credentialsOf(couchUrl);
  const response = await fetch(`${origin}/_node/_local/_stats/couchdb/httpd/requests`, { headers });
  const value = member(await response.json().catch(() => undefined), 'value');
  return typeof value === 'number' ? value : undefined;
}
