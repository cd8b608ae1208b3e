import type { StoredDocument } from '../couchdb/documents.ts';
import type { InstanceDocument } from '../instances/documents/instance-document.ts';
import { type GoTime, isBefore, parseGoTime } from './go-time.ts';
import { UnreadableMeasure } from './unreadable-measure.ts';

/** Where the owner's activity shows. */
export const LOGINS = 'io.cozy.sessions.logins';
export const SESSIONS = 'io.cozy.sessions';
export const OAUTH_CLIENTS = 'io.cozy.oauth.clients';

/** When an instance was last active for a stack where nothing says so, in milliseconds since 1970. */
export const FLOOR_MS = Date.UTC(2018, 0, 1);

const FLOOR: GoTime = {
  text: '2018-01-01T00:00:00Z',
  day: '2018-01-01',
  ms: FLOOR_MS,
  nanoseconds: 0,
};

/** OAuth clients of this kind are other instances, not the owner. */
const SHARING = 'sharing';

/**
 * The last activity of an instance, found as a stack finds it for `GET /instances/<domain>/last-activity` (`lastActivity`
 * in `web/instances/instances.go`): the latest of what is kept of clients that were deleted, of logins, sessions and OAuth
 * clients. Documents are handed in as they are read, logins first, then sessions, then clients: of equal moments that are
 * written in two zones the first one tells the day.
 *
 * A time that cannot be read is an error here. A stack does the same, but for clients, which it passes over: whoever
 * removes what is idle must not pass over somebody who was there.
 */
export class ActivityTally {
  #latest: GoTime;

  /** @throws UnreadableMeasure */
  constructor({ _id, last_activity_from_deleted_oauth_clients: kept }: InstanceDocument) {
    const field = 'last_activity_from_deleted_oauth_clients';
    // It takes the place of the floor, earlier or not.
    this.#latest = timeOf(kept, `${field} of document ${_id} of global/instances`) ?? FLOOR;
  }

  /** @throws UnreadableMeasure */
  addLogin(login: StoredDocument): void {
    this.#add(login, 'created_at', LOGINS);
  }

  /** @throws UnreadableMeasure */
  addSession(session: StoredDocument): void {
    this.#add(session, 'last_seen', SESSIONS);
  }

  /** @throws UnreadableMeasure */
  addClient(client: StoredDocument): void {
    if (client['client_kind'] === SHARING) return;
    for (const field of ['last_refreshed_at', 'synchronized_at']) {
      // What is no text is none of theirs: a stack declares no type for them.
      if (typeof client[field] === 'string' && client[field] !== '') this.#add(client, field, OAUTH_CLIENTS);
    }
  }

  get latest(): GoTime {
    return this.#latest;
  }

  #add(document: StoredDocument, field: string, doctype: string): void {
    const time = timeOf(document[field], `${field} of document ${document._id} of ${doctype}`);
    if (time !== undefined && isBefore(this.#latest, time)) this.#latest = time;
  }
}

/** @param place for a sentence @returns undefined where there is none, which Go takes for a time long ago */
function timeOf(value: unknown, place: string): GoTime | undefined {
  if (value === undefined || value === null) return undefined;
  const time = typeof value === 'string' ? parseGoTime(value) : undefined;
  if (time !== undefined) return time;
  throw new UnreadableMeasure('last activity', `${place} is no time`);
}
