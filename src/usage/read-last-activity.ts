import { isNoDatabase } from '../couchdb/errors.ts';
import { everyDocument } from '../couchdb/every-document.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { databaseName, databasePrefix } from '../instances/databases/prefix.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import type { GoTime } from './go-time.ts';
import { ActivityTally, LOGINS, OAUTH_CLIENTS, SESSIONS } from './last-activity.ts';

/**
 * Reads when the owner of an instance, or a client of the owner's, was last active, a page of documents at a time
 * (`ActivityTally`). Before a first login there is no database of sessions. That of logins is always there until a stack's
 * `clean-sessions` removes both: nobody knows then, and a stack answers an error, too.
 *
 * @param server the cluster of the instance
 * @throws UnreadableMeasure where a document tells no time
 * @throws CouchError 404 where the database of logins or of OAuth clients is not there
 */
export async function readLastActivity(
  server: CouchServer,
  instance: StoredInstance,
  signal?: AbortSignal,
): Promise<GoTime> {
  const prefix = databasePrefix(instance);
  const documentsOf = (doctype: string) => everyDocument(server, databaseName(prefix, doctype), signal);
  const tally = new ActivityTally(instance);
  for await (const login of documentsOf(LOGINS)) tally.addLogin(login);
  try {
    for await (const session of documentsOf(SESSIONS)) tally.addSession(session);
  } catch (error) {
    if (!isNoDatabase(error)) throw error;
  }
  for await (const client of documentsOf(OAUTH_CLIENTS)) tally.addClient(client);
  return tally.latest;
}
