import type { FastifyInstance } from 'fastify';
import { parseGoDuration } from '../../apps/manifest/go-duration.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import { databaseName, databasePrefix } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import type { WebContext } from '../web-context.ts';
import { AnswerError, plainError } from './messages/error-json.ts';
import { readQuery } from './messages/query.ts';
import { type Audience, audienceOf, signingKey, signToken, VALID_SECONDS } from './token.ts';

const CLIENTS = 'io.cozy.oauth.clients';

/** Id of an OAuth client: what names no other document, nor anything else in CouchDB. */
const CLIENT_ID = /^[\w-]{1,128}$/;

/** Tokens for what a stack serves on its public port (`docs/admin-api.md` §2.6), as text. The secrets are read anew. */
export function tokenRoute(app: FastifyInstance, context: WebContext): void {
  app.post('/instances/token', async (request, reply) => {
    const query = readQuery(request.url);
    const text = (name: string) => query.get(name) ?? '';
    const instance = await findInstance(context.couch.global, text('Domain'));
    refuseUnfinished(instance);
    const audience = audienceOf(text('Audience'));
    if (audience === undefined) throw plainError(400, 'Unknown audience');
    const subject = text('Subject');
    if (audience === 'access' || audience === 'refresh') await requireClient(context, instance, subject);
    const key = signingKey(instance, audience);
    if (key === undefined) throw plainError(409, 'The instance has no secret to sign such a token with');
    const issuedAt = issueTime(audience, text('Expire'));
    const claims = { audience, issuer: instance.domain, subject, scope: text('Scope'), issuedAt };
    return reply.type('text/plain; charset=utf-8').send(signToken(claims, key));
  });
}

/** A stack knows when a token was issued, not how long it is valid: a shorter or longer life is another time of issue. */
function issueTime(audience: Audience, expire: string): number {
  const now = Math.floor(Date.now() / 1000);
  const ms = expire === '' ? 0 : (parseGoDuration(expire) ?? 0);
  return ms === 0 ? now : Math.trunc(now + ms / 1000 - VALID_SECONDS[audience]);
}

/** Tokens of OAuth are for a client that is registered. */
async function requireClient(
  { couch: { cluster } }: WebContext,
  instance: StoredInstance,
  id: string,
): Promise<void> {
  const server = cluster(instance.couch_cluster);
  const database = databaseName(databasePrefix(instance), CLIENTS);
  const reading = CLIENT_ID.test(id) ? server.getDocument(database, id) : Promise.resolve(undefined);
  const client = await unlessNoDatabase(reading);
  if (client === undefined) throw new AnswerError({ status: 404, title: 'not_found', detail: 'missing' });
  if (client['pending'] !== true) return;
  const { pending: _, ...confirmed } = client;
  await server.putDocument(database, { ...confirmed, _id: client._id });
}
