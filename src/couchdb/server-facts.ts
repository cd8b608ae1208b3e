import * as z from 'zod';
import type { ExpectedAnswer } from './answers.ts';
import type { CouchServer } from './server.ts';

/** What can be asked. */
type Asked = Pick<CouchServer, 'ask'>;

/** What a server greets everybody with. */
export interface Greeting {
  readonly version: string;
  /** Who made it, where it says so. */
  readonly vendor: string;
}

const greeting: ExpectedAnswer<Greeting> = {
  schema: z
    .object({
      couchdb: z.literal('Welcome'),
      version: z.string().max(100),
      vendor: z.object({ name: z.string().max(200) }).optional(),
    })
    .transform(({ version, vendor }): Greeting => ({ version, vendor: vendor?.name ?? '' })),
};

/** Who we are to the server. */
export interface Session {
  readonly roles: readonly string[];
}

const session: ExpectedAnswer<Session> = {
  schema: z
    .object({ ok: z.literal(true), userCtx: z.object({ roles: z.array(z.string()) }) })
    .transform(({ userCtx }): Session => userCtx),
};

/** The nodes of a cluster, by name. */
export interface Membership {
  /** Those that are there now. */
  readonly connected: readonly string[];
  /** Those that belong to it. */
  readonly members: readonly string[];
}

const membership: ExpectedAnswer<Membership> = {
  schema: z
    .object({ all_nodes: z.array(z.string()), cluster_nodes: z.array(z.string()) })
    .transform(
      ({ all_nodes, cluster_nodes }): Membership => ({ connected: all_nodes, members: cluster_nodes }),
    ),
};

/** One section of the configuration, as far as it is set: what is absent is as CouchDB has it by itself. */
export type Settings = Readonly<Record<string, string>>;

const settings: ExpectedAnswer<Settings> = { schema: z.record(z.string(), z.string()) };

/** What a node has under way, and how much it could have. */
export interface NodeLoad {
  readonly processes: number;
  readonly mostProcesses: number;
}

const load: ExpectedAnswer<NodeLoad> = {
  schema: z.object({ process_count: z.number().min(0), process_limit: z.number().min(1) }).transform(
    ({ process_count, process_limit }): NodeLoad => ({
      processes: process_count,
      mostProcesses: process_limit,
    }),
  ),
};

/** What a server says of itself, asked for once each. @throws CouchError */
export const serverFacts = {
  greeting: (server: CouchServer, signal?: AbortSignal) => server.ask('/', greeting, signal),
  session: (server: CouchServer, signal?: AbortSignal) => server.ask('/_session', session, signal),
  membership: (server: Asked, signal?: AbortSignal) => server.ask('/_membership', membership, signal),
  /** @param section such as `couchdb`; never one with secrets, such as `admins` */
  settings: (server: CouchServer, section: string, signal?: AbortSignal) =>
    server.ask(`/_node/_local/_config/${encodeURIComponent(section)}`, settings, signal),
  load: (server: CouchServer, signal?: AbortSignal) => server.ask('/_node/_local/_system', load, signal),
};
