import type { FastifyInstance } from 'fastify';
import { badRequest } from '../couch-error.ts';
import type { Databases } from '../databases.ts';
import type { JsonObject } from '../pouch-types.ts';
import { listOptions, objectBody, type Query, requireJson } from '../request.ts';
import { databaseInfo } from './database-info.ts';

const MOST_KEYS = 100;

/** What concerns the server as a whole: welcome, health, the list of databases. */
export function serverRoutes(app: FastifyInstance, databases: Databases): void {
  app.get('/', () => ({
    couchdb: 'Welcome',
    version: '3.5.0',
    features: [],
    // So that nobody takes it for the real one.
    vendor: { name: 'cozy-fleet, embedded: not for production' },
  }));

  // As one that belongs to no cluster.
  app.get('/_membership', () => ({ all_nodes: ['nonode@nohost'], cluster_nodes: ['nonode@nohost'] }));

  app.get('/_up', () => ({ status: 'ok', seeds: {} }));

  app.get<{ Querystring: Query }>('/_all_dbs', ({ query }) => listNames(databases, listOptions(query)));

  app.post('/_dbs_info', async (request) => {
    requireJson(request.headers['content-type']);
    const { keys } = objectBody(request.body);
    if (!Array.isArray(keys)) throw badRequest('`keys` member must exist.');
    if (keys.length > MOST_KEYS) throw badRequest(`\`keys\` array has more than ${MOST_KEYS} members.`);
    return await Promise.all(
      keys.map(async (given: unknown) => {
        const key = String(given);
        if (!databases.has(key)) return { key, error: 'not_found' };
        return { key, info: await databaseInfo(databases, key) };
      }),
    );
  });
}

function listNames(databases: Databases, options: JsonObject): string[] {
  const descending = options['descending'] === true;
  const { startkey, endkey } = options;
  const [low, high] = descending ? [endkey, startkey] : [startkey, endkey];
  const names = [...databases.names()]
    .filter((name) => (typeof low !== 'string' || name >= low) && (typeof high !== 'string' || name <= high))
    .sort();
  if (descending) names.reverse();
  const skip = typeof options['skip'] === 'number' ? options['skip'] : 0;
  const limit = typeof options['limit'] === 'number' ? options['limit'] : names.length;
  return names.slice(skip, skip + limit);
}
