import { unlessNoDatabase } from '../couchdb/errors.ts';
import { everyDocument } from '../couchdb/every-document.ts';
import type { CouchServer, StoredDocument } from '../couchdb/server.ts';
import { PassingError } from '../errors.ts';
import {
  type ExistingInstance,
  readExisting,
  updateInstance,
} from '../instances/change/existing-instance.ts';
import { databaseName, databasePrefix } from '../instances/databases/prefix.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import { refuseSharedDatabases } from '../instances/lookup/sharing.ts';
import { deleteDocuments, type SeenDocument } from './delete-documents.ts';
import { type GoTime, isBefore } from './go-time.ts';
import { ActivityTally, LOGINS, SESSIONS } from './last-activity.ts';

/** Sessions that are to end. */
export interface SessionCleaning extends ExistingInstance {
  /** Whether the history of logins goes, too. */
  readonly logins: boolean;
  /** Told before anything is written. */
  willWrite(): Promise<void>;
}

/** What there is to go, and what it tells. */
interface Found {
  readonly sessions: readonly SeenDocument[];
  readonly logins: readonly SeenDocument[];
  /** The last activity, where nothing but what is to go tells it. */
  readonly told: GoTime | undefined;
}

/** Times that what was written meanwhile is looked at again. */
const LOOKS = 8;

/**
 * Ends the sessions of an instance by deleting their documents; sessions that begin meanwhile go on. The databases stay, other
 * than with a stack's `clean-sessions`, which deletes both. What only these documents told of the last activity is written
 * first, where a stack keeps that of deleted OAuth clients, so that its `last-activity` answers the same before and after.
 *
 * @returns how many documents went
 * @throws UnreadableMeasure where a document tells no time, before anything is deleted; Refusal `shared_prefix`, and what
 *   the guard throws; CouchError
 */
export async function cleanSessions(cleaning: SessionCleaning, instance: StoredInstance): Promise<number> {
  const server = cleaning.cluster(instance.couch_cluster);
  const databaseOf = (doctype: string) => databaseName(databasePrefix(instance), doctype);
  let meant: ReadonlySet<string> | undefined;
  let gone = 0;
  for (let look = 0; look < LOOKS; look += 1) {
    const found = await findSessions(cleaning, server, instance);
    const ids = new Set([...found.sessions, ...found.logins].map(({ _id }) => _id));
    meant ??= ids;
    const isMeant = ({ _id }: SeenDocument): boolean => meant?.has(_id) === true;
    const sessions = found.sessions.filter(isMeant);
    const logins = found.logins.filter(isMeant);
    if (sessions.length + logins.length === 0) return gone;
    refuseSharedDatabases(await cleaning.prefixIndex.refresh(cleaning.signal), instance);
    if (look === 0) await cleaning.willWrite();
    if (found.told !== undefined) await keepActivity(cleaning, found.told);
    gone += await deleteDocuments(cleaning, { server, database: databaseOf(SESSIONS) }, sessions);
    gone += await deleteDocuments(cleaning, { server, database: databaseOf(LOGINS) }, logins);
  }
  throw new PassingError(
    'sessions_busy',
    `sessions of ${instance.domain} are written faster than they are deleted`,
  );
}

/** Read in the order in which a stack reads them: of equal moments the first tells. A database that is missing has none. */
async function findSessions(
  cleaning: SessionCleaning,
  server: CouchServer,
  instance: StoredInstance,
): Promise<Found> {
  const { logins: areMeant, signal } = cleaning;
  const tally = new ActivityTally(await readExisting(cleaning));
  const kept = tally.latest;
  const logins = await read(server, instance, LOGINS, (login) => tally.addLogin(login), signal);
  const afterLogins = tally.latest;
  const sessions = await read(server, instance, SESSIONS, (session) => tally.addSession(session), signal);
  const stays = areMeant ? kept : afterLogins;
  return {
    sessions,
    logins: areMeant ? logins : [],
    told: tally.latest === stays ? undefined : tally.latest,
  };
}

async function read(
  server: CouchServer,
  instance: StoredInstance,
  doctype: string,
  add: (document: StoredDocument) => void,
  signal: AbortSignal | undefined,
): Promise<readonly SeenDocument[]> {
  const seen: SeenDocument[] = [];
  const database = databaseName(databasePrefix(instance), doctype);
  const reading = async () => {
    for await (const document of everyDocument(server, database, signal)) {
      add(document);
      seen.push({ _id: document._id, _rev: document._rev });
    }
  };
  await unlessNoDatabase(reading());
  return seen;
}

/** Where a stack keeps what it does not find in documents any more. */
async function keepActivity(cleaning: SessionCleaning, told: GoTime): Promise<void> {
  await updateInstance(cleaning, (now) => {
    const isKnown = !isBefore(new ActivityTally(now).latest, told);
    return isKnown ? now : { ...now, last_activity_from_deleted_oauth_clients: told.text };
  });
}

/** How many documents there are to go, by doctype, for a look ahead; only those that are there are named. */
export async function countSessions(
  server: CouchServer,
  instance: StoredInstance,
  logins: boolean,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const counts: [string, number][] = [];
  for (const doctype of logins ? [SESSIONS, LOGINS] : [SESSIONS]) {
    const database = databaseName(databasePrefix(instance), doctype);
    const facts = await unlessNoDatabase(server.databaseFacts(database, signal));
    if (facts === undefined) continue;
    const designs = await server.allDocuments(database, { startKey: '_design/', endKey: '_design0' }, signal);
    const number = facts.documents - designs.length;
    if (number > 0) counts.push([doctype, number]);
  }
  return Object.fromEntries(counts);
}
