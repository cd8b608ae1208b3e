import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import {
  type ExistingInstance,
  refuseUnfinished,
  updateInstance,
} from '../../instances/change/existing-instance.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { AUTH_MODE_NUMBERS } from '../../instances/documents/instance-state.ts';
import { assertAliasesFree } from '../../instances/lookup/free-aliases.ts';
import type { InstanceChanges } from '../../instances/options/changes.ts';
import { fieldsOf } from '../../jobs/queue/instance-history.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import { modifyAndTell, toldServicesOf } from '../../stack/modify-and-tell.ts';
import type { WebContext } from '../web-context.ts';
import { changesOf, type DeletingMark, readAuthMode } from './change-parameters.ts';
import { changesUnderWay } from './changes-under-way.ts';
import { featureRoutes } from './feature-routes.ts';
import type { OfInstance } from './instance-routes.ts';
import { plainError } from './messages/error-json.ts';
import { instanceJson } from './messages/instance-json.ts';
import { readJsonBody } from './messages/json-body.ts';
import { booleanOf, readQuery } from './messages/query.ts';
import { sendDocument, sendJson } from './messages/send-json.ts';

const authModeBody = z.object({ auth_mode: z.unknown() });

/** What changes instances that exist (`docs/admin-api.md` §2.5). */
export function changeRoutes(app: FastifyInstance, context: WebContext): void {
  const changes = changesUnderWay(context);
  // Names that are held have to be given back before Redis is left.
  app.addHook('preClose', () => changes.settled());

  app.patch<OfInstance>('/instances/:domain', async (request, reply) => {
    const query = readQuery(request.url);
    const wanted = (found: StoredInstance) => changesOf(query, found, context.config.subdomains);
    const instance = await changes.make(
      {
        name: request.params.domain,
        what: 'modify',
        fieldsOf: (found) => fieldsOf(wanted(found)),
        aliasesOf: (found) => aliasesOf(wanted(found)),
        write: (existing, found) =>
          modify(context, existing, found, wanted(found), booleanOf(query, 'FromCloudery')),
      },
      reply,
    );
    // A stack's answer has the hash of the passphrase and three secrets: nobody reads them.
    return sendDocument(reply, instanceJson(instance));
  });

  app.post<OfInstance>('/instances/:domain/auth-mode', async (request, reply) => {
    const { domain: name } = request.params;
    const body = authModeBody.safeParse(readJsonBody(request));
    if (body.data?.auth_mode === undefined) throw plainError(400, 'Missing auth_mode key');
    const authMode = readAuthMode(body.data.auth_mode);
    const { auth_mode: current = 0 } = await findInstance(context.couch.global, name);
    if (current === AUTH_MODE_NUMBERS[authMode]) {
      return sendJson(reply, `Instance has already ${authMode} auth mode`);
    }
    await changes.make(
      {
        name,
        what: 'modify',
        fieldsOf: () => ['authMode'],
        write: (existing, found) => modify(context, existing, found, { authMode }),
      },
      reply,
    );
    return reply.code(204).send();
  });

  featureRoutes(app, context, changes);
}

function aliasesOf(changes: InstanceChanges | DeletingMark): readonly string[] {
  return 'aliases' in changes ? (changes.aliases ?? []) : [];
}

async function modify(
  { config, log }: WebContext,
  existing: ExistingInstance,
  found: StoredInstance,
  changes: InstanceChanges | DeletingMark,
  fromCloudery = false,
): Promise<StoredInstance> {
  if (changes.deleting === true) return await mark(existing);
  await assertAliasesFree(existing, found, changes.aliases ?? [], existing.signal);
  if (Object.keys(changes).length === 0) return found;
  const { instance } = await modifyAndTell({
    ...existing,
    changes,
    fromCloudery,
    told: toldServicesOf(config),
    onUntold: ({ service, problem }) =>
      log.warn('a service was not told of a change', { domain: found.domain, target: service, problem }),
  });
  return instance;
}

/** The flag alone, as an operator sets it by a stack: it keeps everybody out, and nothing is removed. */
async function mark(existing: ExistingInstance): Promise<StoredInstance> {
  const { document } = await updateInstance(existing, (now) => {
    refuseUnfinished({ ...now, deleting: false });
    return { ...now, deleting: true };
  });
  return document;
}
