import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { InputError } from '../../errors.ts';
import { instanceState } from '../../instances/documents/instance-state.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import { requireReadable } from '../../instances/lookup/classify-document.ts';
import { classifyIfAny } from '../../instances/lookup/lookup.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { plainError } from '../admin/messages/error-json.ts';
import { creationError } from '../admin/messages/job-errors.ts';
import { type CreationStand, creationStand } from '../holds/await-creation.ts';
import { submitCreation } from '../holds/submit-creation.ts';
import { authorOf } from '../http/actor.ts';
import type { WebContext } from '../web-context.ts';
import { clouderyId, readOrder, uuidOf } from './ordered-instance.ts';

/** By which a client follows the making of an instance. */
type WorkflowStatus = 'running' | 'succeeded' | 'failed';

const search = z.object({ fqdn: z.string().min(1).max(1_024) });

interface ById {
  Params: { id: string };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Looking whether an instance is there, ordering one, and following how it is made. */
export function creationRoutes(scope: FastifyInstance, context: WebContext): void {
  const { global } = context.couch;

  scope.get('/v2/instances', async ({ query }) => {
    const asked = search.safeParse(query);
    if (!asked.success) throw new InputError('bad_request', 'fqdn: one host is needed');
    const domain = normaliseDomain(asked.data.fqdn, 'nested');
    const owners = (await classifyIfAny(global, [domain])).map(requireReadable);
    // A client takes what is found for an instance in use. What it finds by an alias it would destroy by it.
    const found = owners.filter((each) => each.domain === domain && isThere(instanceState(each)));
    return { items: found.slice(0, 1).map((each) => ({ _id: clouderyId(each) })) };
  });

  scope.post('/v1/instances', async (request, reply) => {
    const options = readOrder(request.body, await context.creationRules());
    const { domain } = options;
    try {
      const fleet = await context.fleet();
      const submission = await submitCreation(
        { fleet, global },
        { options, seal: undefined, author: authorOf(request) },
      );
      switch (submission.state) {
        case 'follow':
        case 'made':
          reply.code(201);
          return { id: uuidOf(domain), fqdn: domain, workflow: submission.jobId };
        case 'exists':
          throw plainError(409, 'Instance already exists');
        case 'busy':
          throw plainError(409, `Another job is at ${submission.holder.name}`);
      }
    } catch (error) {
      throw creationError(error);
    }
  });

  scope.get<ById>('/v1/workflows/:id', async ({ params: { id } }) => {
    const fleet = await context.fleet();
    const job = UUID.test(id) ? await readJob(fleet.queue, id) : undefined;
    if (job === undefined || job === 'unreadable' || job.name !== 'create') throw unknownWorkflow();
    return workflowOf(id, await creationStand(fleet, id));
  });
}

function isThere(state: ReturnType<typeof instanceState>): boolean {
  return state !== 'provisioning' && state !== 'deleting';
}

interface Workflow {
  readonly id: string;
  readonly status: WorkflowStatus;
  readonly message?: string;
}

/** Applications that are still to come do not count: a client would give up before a registry is back. */
function workflowOf(id: string, stand: CreationStand): Workflow {
  switch (stand.state) {
    case 'running':
      return { id, status: 'running' };
    case 'made':
    case 'exists':
      return { id, status: 'succeeded' };
    case 'failed':
      return { id, status: 'failed', message: stand.error.message };
    case 'gone':
      throw unknownWorkflow();
  }
}

function unknownWorkflow(): Error {
  return plainError(404, 'There is no such workflow');
}
