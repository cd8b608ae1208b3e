import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { canonicalJson } from '../../canonical-json.ts';
import type { FlagsMap } from '../../instances/options/feature-flags.ts';
import { configFlags, hasConfig } from '../../operations/features/config-flags.ts';
import {
  changeFlags,
  type FlagScope,
  findFlags,
  flagDocumentId,
} from '../../operations/features/flag-documents.ts';
import { noteFlagChange } from '../../operations/features/flag-history.ts';
import { actorOf, authorOf } from '../http/actor.ts';
import type { WebContext } from '../web-context.ts';
import { invalidParameter, unqualified } from './messages/error-json.ts';
import { readJsonBody } from './messages/json-body.ts';
import { sendJson } from './messages/send-json.ts';

const NAME_CHARACTERS = 256;

interface OfContext {
  readonly Params: { readonly context: string };
}

/** CouchDB keeps names that begin with "_" for itself. */
const name = z
  .string()
  .regex(/^(?!_)/)
  .min(1)
  .max(NAME_CHARACTERS);

/** A value of null takes the flag away. */
const defaultsPatch = z.record(name, z.unknown());

/** What Go makes of an item: what it does not know is passed over, and what is missing is 0, or null. */
const item = z
  .looseObject({ ratio: z.number().default(0), value: z.unknown() })
  .transform(({ ratio, value = null }) => ({ ratio, value }));

/** An empty list takes the flag away, and so does null. */
const contextPatch = z.record(name, z.array(item).nullable());

/**
 * Flags that are no instance's own (`web/instances/feature.go` of the stack): the defaults, those of a context with their
 * ratios, and what the configuration says of a context. Where there is no document yet, null is answered.
 */
export function sharedFlagRoutes(app: FastifyInstance, context: WebContext): void {
  const { couch, config, stopping } = context;

  app.get('/instances/feature/defaults', async (_request, reply) => show('defaults', reply));

  app.patch('/instances/feature/defaults', async (request, reply) => {
    const patch = checked(defaultsPatch, request, 'The body is no map of flags');
    return await change('defaults', patch, request, reply);
  });

  app.get<OfContext>('/instances/feature/contexts/:context', async ({ params }, reply) =>
    show(scopeOf(params), reply),
  );

  app.patch<OfContext>('/instances/feature/contexts/:context', async (request, reply) => {
    const lists = checked(contextPatch, request, 'The body is no map of lists of ratios and values');
    const patch = Object.fromEntries(
      Object.entries(lists).map(([flag, items]) => [flag, items?.length === 0 ? null : items]),
    );
    return await change(scopeOf(request.params), patch, request, reply);
  });

  app.get<OfContext>('/instances/feature/config/:context', async ({ params }, reply) => {
    if (!hasConfig(config.contexts, params.context)) {
      throw unqualified(`Unable to get context ${JSON.stringify(params.context)} from config`);
    }
    return sendSorted(reply, configFlags(config.contexts, params.context) ?? {});
  });

  async function show(scope: FlagScope, reply: FastifyReply): Promise<FastifyReply> {
    return sendSorted(reply, (await findFlags(couch.global, scope, stopping)) ?? null);
  }

  async function change(
    scope: FlagScope,
    patch: FlagsMap,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { outcome, flags } = await changeFlags(couch.global, scope, patch, stopping);
    const names = Object.keys(patch);
    const about = { document: flagDocumentId(scope), field: names.join(', '), outcome };
    context.log.info('feature flags changed', { ...about, by: actorOf(request) });
    // The flags are written by now: that it cannot be noted makes no failure of it.
    await noteChange({ scope, names, outcome, author: authorOf(request) });
    return sendSorted(reply, flags);
  }

  async function noteChange(noted: Parameters<typeof noteFlagChange>[1]): Promise<void> {
    try {
      await noteFlagChange(await context.fleet(), noted);
    } catch (error) {
      context.log.warn('change of feature flags not noted in their history', { error });
    }
  }
}

/** Names in their order, as Go writes them. */
function sendSorted(reply: FastifyReply, value: FlagsMap | null): FastifyReply {
  return sendJson(reply, JSON.parse(canonicalJson(value)));
}

function scopeOf({ context }: OfContext['Params']): FlagScope {
  if (context.length <= NAME_CHARACTERS) return { context };
  throw invalidParameter('context', 'The name is too long');
}

function checked<T>(schema: z.ZodType<T>, request: FastifyRequest, problem: string): T {
  const parsed = schema.safeParse(readJsonBody(request));
  if (parsed.success) return parsed.data;
  throw invalidParameter('body', problem);
}
