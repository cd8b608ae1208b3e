import { CouchError, isCredentialFailure } from '../../../couchdb/errors.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import {
  type Greeting,
  type Membership,
  type NodeLoad,
  type Settings,
  serverFacts,
} from '../../../couchdb/server-facts.ts';
import { checkCouch, unreachable } from '../../connect/couch.ts';

/** Sections of the configuration that are judged; none of them holds a secret. */
const SECTIONS = ['couchdb', 'cluster', 'chttpd_auth_lockout', 'log'] as const;

export type Section = (typeof SECTIONS)[number];

/** What one CouchDB says of itself; `undefined` is what it, or a proxy before it, does not tell us. */
export interface CouchFacts {
  /** Host and port. */
  readonly host: string;
  readonly greeting: Greeting | undefined;
  /** Of our user. */
  readonly roles: readonly string[] | undefined;
  readonly membership: Membership | undefined;
  /** Of the node that answered, as far as it is set. */
  readonly settings: Readonly<Record<Section, Settings>> | undefined;
  readonly load: NodeLoad | undefined;
}

/**
 * Asks it. A password that is refused is not sent a second time: five wrong ones would lock the account
 * (`docs/faults.md` §6.6).
 * @throws FleetError as `checkCouch`
 */
export async function readCouch(server: CouchServer, signal: AbortSignal): Promise<CouchFacts> {
  const health = await server.health(signal);
  if (health.state !== 'up') throw unreachable(server.host, health);
  await checkCouch(server);
  const [roles, greeting, membership, settings, load] = await Promise.all([
    unlessRefused(rolesOf(server, signal)),
    unlessRefused(serverFacts.greeting(server, signal)),
    unlessRefused(serverFacts.membership(server, signal)),
    unlessRefused(settingsOf(server, signal)),
    unlessRefused(serverFacts.load(server, signal)),
  ]);
  return { host: server.host, greeting, roles, membership, settings, load };
}

async function rolesOf(server: CouchServer, signal: AbortSignal): Promise<readonly string[]> {
  return (await serverFacts.session(server, signal)).roles;
}

async function settingsOf(server: CouchServer, signal: AbortSignal): Promise<CouchFacts['settings']> {
  const [couchdb, cluster, lockout, log] = await Promise.all(
    SECTIONS.map((section) => serverFacts.settings(server, section, signal)),
  );
  return {
    couchdb: couchdb ?? {},
    cluster: cluster ?? {},
    chttpd_auth_lockout: lockout ?? {},
    log: log ?? {},
  };
}

/** What is answered otherwise than asked is unknown; silence and refused passwords are for the caller to tell. */
async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (!(thrown instanceof CouchError) || isCredentialFailure(thrown)) throw thrown;
    if (thrown.status === undefined && thrown.foreignStatus === undefined) throw thrown;
    return undefined;
  }
}
