import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ErrorCode } from '../../error-codes.ts';
import { FleetError } from '../../errors.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { busy } from '../../jobs/claims/busy.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { creation } from '../../jobs/queue/enqueue.ts';
import { requestHash } from '../../jobs/queue/new-job.ts';
import { alreadyExists } from '../../operations/jobs/follow-creation.ts';
import { awaitCreation, readMade } from '../holds/await-creation.ts';
import { withHold } from '../holds/hold.ts';
import { idempotencyKey, type KeptAnswer, keepAnswer, takeKey } from '../holds/idempotency.ts';
import { createOrderSealer } from '../holds/order-sealer.ts';
import { sharedJobWatch } from '../holds/shared-watch.ts';
import { type CreationOrder, type CreationPlaces, submitCreation } from '../holds/submit-creation.ts';
import { type AskedFor, forgetUnanswered } from '../holds/unanswered.ts';
import { authorOf } from '../http/actor.ts';
import { ignoreBodies } from '../http/ignore-bodies.ts';
import type { WebContext } from '../web-context.ts';
import { readCreation } from './creation-parameters.ts';
import { destroyRoute } from './destroy-route.ts';
import { AnswerError, plainError, sendError, stackError } from './messages/error-json.ts';
import { instanceJson, JSON_API } from './messages/instance-json.ts';
import { creationError } from './messages/job-errors.ts';
import { readQuery } from './messages/query.ts';

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof FleetError && error.code === code;
}

/** An instance that is in use, and what was noted of the request; undefined where the answer is a repetition. */
interface Made {
  readonly instance: StoredInstance;
  readonly asked: AskedFor | undefined;
}

/**
 * Creation and destruction of instances (`docs/admin-api.md` §2.3, §2.4). Who asks must have been admitted before.
 *
 * What switches `add` and `destroy` off for commands is not asked here: a stack's server does not ask it either, for it
 * keeps people from doing by hand what programs do through this API.
 */
export async function creationRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  await app.register(async (scope) => {
    ignoreBodies(scope);
    createRoute(scope, context);
    destroyRoute(scope, context);
  });
}

function createRoute(scope: FastifyInstance, context: WebContext): void {
  const { config, couch } = context;
  const watch = sharedJobWatch(context);
  const orderOf = createOrderSealer(config);

  scope.post('/instances', async (request, reply) => {
    try {
      const { parsed, hashed } = readCreation(
        readQuery(request.raw.url ?? ''),
        await context.creationRules(),
      );
      const key = idempotencyKey(request.headers);
      const fleet = await context.fleet();
      const order = { ...(await orderOf(fleet, parsed, hashed)), author: authorOf(reply.request) };
      const made = await withHold(reply, config.serve.holdSeconds, (signal) =>
        key === undefined ? make(fleet, order, signal) : makeOnce(fleet, order, key, signal),
      );
      answer(fleet, made, reply);
    } catch (error) {
      await sendError(reply, creationError(error));
    }
    return reply;
  });

  async function make(fleet: KeyedFleet, order: CreationOrder, signal: AbortSignal): Promise<Made> {
    const places = { fleet, global: couch.global };
    const submission = await submitCreation(places, order);
    switch (submission.state) {
      case 'follow':
        return await follow(places, order, submission, signal);
      case 'made':
        return submission;
      case 'exists':
        throw alreadyExists(`${submission.name} is a name of an instance`);
      case 'busy':
        throw busy(submission.holder);
    }
  }

  async function follow(
    places: CreationPlaces,
    order: CreationOrder,
    { jobId, asked }: { readonly jobId: string; readonly asked: AskedFor },
    signal: AbortSignal,
  ): Promise<Made> {
    try {
      const job = { jobId, options: order.options };
      return { asked, instance: await awaitCreation(places, watch, job, signal) };
    } catch (error) {
      if (!hasCode(error, 'exists')) throw error;
      await forgetUnanswered(places.fleet, asked);
      // Another client's job for the same may have ended right before ours was queued.
      const again = await submitCreation(places, order);
      if (again.state === 'made') return again;
      if (again.state === 'follow') return await follow(places, order, again, signal);
      throw error;
    }
  }

  async function makeOnce(
    fleet: KeyedFleet,
    order: CreationOrder,
    key: string,
    signal: AbortSignal,
  ): Promise<Made> {
    const hash = requestHash(creation({ ...order, tries: DEFAULT_TRIES }));
    const known = await takeKey(fleet, key, hash);
    switch (known.state) {
      case 'other':
        throw plainError(422, 'The Idempotency-Key came with another request before');
      case 'answered':
        return { asked: undefined, instance: await replayed(order, known.answer) };
      case 'open':
        break;
    }
    try {
      const made = await make(fleet, order, signal);
      const incarnation = incarnationOf(made.instance);
      await keepAnswer(fleet, key, hash, { kind: 'made', incarnation });
      return made;
    } catch (error) {
      const { status, title, detail, parameter } = stackError(creationError(error));
      // What passes by itself is another answer the next time.
      if (status < 500 && !hasCode(error, 'busy')) {
        const named = parameter === undefined ? {} : { parameter };
        await keepAnswer(fleet, key, hash, { kind: 'refused', status, title, detail, ...named });
      }
      throw error;
    }
  }

  async function replayed({ options }: CreationOrder, kept: KeptAnswer): Promise<StoredInstance> {
    switch (kept.kind) {
      case 'made':
        return await readMade(couch, options.domain, kept.incarnation);
      case 'refused': {
        const { kind: _, parameter, ...refusal } = kept;
        throw new AnswerError({ ...refusal, ...(parameter !== undefined && { parameter }) });
      }
    }
  }

  function answer(fleet: KeyedFleet, { instance, asked }: Made, reply: FastifyReply): void {
    if (asked !== undefined) {
      // Only now is it sure that the client was told. A note that stays says so once too often, which does no harm.
      reply.raw.once('finish', () => void forgetUnanswered(fleet, asked).catch(() => undefined));
    }
    reply.code(201).header('cache-control', 'no-store').type(JSON_API);
    reply.send(JSON.stringify(instanceJson(instance)));
  }
}
