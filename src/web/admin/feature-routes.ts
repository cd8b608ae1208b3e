import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { refuseUnfinished, updateInstance } from '../../instances/change/existing-instance.ts';
import type { InstanceDocument } from '../../instances/documents/instance-document.ts';
import { mergeFlags } from '../../instances/options/feature-flags.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import type { WebContext } from '../web-context.ts';
import type { ChangesUnderWay, InstanceChange } from './changes-under-way.ts';
import type { OfInstance } from './instance-routes.ts';
import { invalidParameter } from './messages/error-json.ts';
import { readJsonBody } from './messages/json-body.ts';
import { sendJson } from './messages/send-json.ts';

const NAME_CHARACTERS = 256;

const MOST_SETS = 1_000;

/** A value of null takes the flag away. */
const flagsPatch = z.record(z.string().min(1).max(NAME_CHARACTERS), z.unknown());

/** A JSON null is a list of none, as in Go. */
const setsList = z.array(z.string().max(NAME_CHARACTERS)).max(MOST_SETS).nullable();

/** Flags and sets of features of one instance. What has none answers null, as a stack does. */
export function featureRoutes(app: FastifyInstance, { couch }: WebContext, changes: ChangesUnderWay): void {
  app.get<OfInstance>('/instances/:domain/feature/flags', async ({ params }, reply) => {
    const { feature_flags: flags = null } = await findInstance(couch.global, params.domain);
    return sendJson(reply, flags);
  });

  app.patch<OfInstance>('/instances/:domain/feature/flags', async (request, reply) => {
    const patch = checked(flagsPatch, readJsonBody(request), 'The body is no map of flags');
    const change = fields(request.params.domain, ({ feature_flags: before }) => ({
      feature_flags: mergeFlags(before, patch),
    }));
    const { feature_flags: flags = {} } = await changes.make(change, reply);
    return sendJson(reply, flags);
  });

  app.get<OfInstance>('/instances/:domain/feature/sets', async ({ params }, reply) => {
    const { feature_sets: sets = null } = await findInstance(couch.global, params.domain);
    return sendJson(reply, sets);
  });

  app.put<OfInstance>('/instances/:domain/feature/sets', async (request, reply) => {
    const list = checked(setsList, readJsonBody(request), 'The body is no list of sets');
    const change = fields(request.params.domain, () => ({ feature_sets: [...(list ?? [])].sort() }));
    const { feature_sets: sets = list } = await changes.make(change, reply);
    return sendJson(reply, sets);
  });
}

type Fields = Pick<InstanceDocument, 'feature_flags' | 'feature_sets'>;

/** The change of one field; what is empty then is absent, as a stack writes it. */
function fields(name: string, changed: (now: InstanceDocument) => Fields): InstanceChange {
  return {
    name,
    what: 'features',
    async write(existing) {
      const { document } = await updateInstance(existing, (now) => {
        refuseUnfinished(now);
        const { feature_flags, feature_sets } = { ...now, ...changed(now) };
        const { feature_flags: _flags, feature_sets: _sets, ...others } = now;
        return {
          ...others,
          ...(feature_flags && Object.keys(feature_flags).length > 0 && { feature_flags }),
          ...(feature_sets && feature_sets.length > 0 && { feature_sets }),
        };
      });
      return document;
    },
  };
}

function checked<T>(schema: z.ZodType<T>, json: unknown, problem: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalidParameter('body', problem);
}
