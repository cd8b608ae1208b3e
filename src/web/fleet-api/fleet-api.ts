import type { FastifyInstance } from 'fastify';
import type { WebContext } from '../web-context.ts';
import { batchRoutes } from './batch-routes.ts';
import { doctorRoutes } from './doctor-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { failureRoutes } from './failure-routes.ts';
import { DESK_LIMITS, type DeskLimits, deskOf } from './fleet-desk.ts';
import { fleetRoutes } from './fleet-routes.ts';
import { jobRoutes } from './job-routes.ts';
import { serveOpenApi } from './openapi.ts';
import { answerProblems } from './problem.ts';
import { queueRoutes } from './queue-routes.ts';
import { steeringRoutes } from './steering-routes.ts';
import { MOST_UPLOAD_BYTES } from './uploads/upload-body.ts';
import { uploadRoutes } from './uploads/upload-routes.ts';
import { usageRoutes } from './usage-routes.ts';
import { withZod } from './zod-routes.ts';

export interface FleetApiLimits extends DeskLimits {
  /** Bytes of a file. */
  readonly mostBytes: number;
}

export const FLEET_API_LIMITS: FleetApiLimits = { ...DESK_LIMITS, mostBytes: MOST_UPLOAD_BYTES };

/**
 * The routes of programs below `/fleet`, which answer JSON. Who may ask is for hooks of `app` to say.
 * @param limits other ones than usual, for tests
 */
export async function fleetApi(
  app: FastifyInstance,
  context: WebContext,
  limits: FleetApiLimits = FLEET_API_LIMITS,
): Promise<void> {
  const desk = deskOf(context, limits);
  app.addHook('onClose', () => desk.close());
  await app.register(async (scope) => {
    const typed = withZod(scope);
    answerProblems(scope, context);
    takeEmptyJson(scope);
    await serveOpenApi(typed);
    batchRoutes(typed, context, desk);
    steeringRoutes(typed, context);
    failureRoutes(typed, context);
    await uploadRoutes(typed, context, desk, limits.mostBytes);
    eventRoutes(typed, context, desk);
    jobRoutes(typed, context);
    fleetRoutes(typed, context);
    queueRoutes(typed, context);
    usageRoutes(typed, context);
    doctorRoutes(typed, context);
  });
}

/** Programs name JSON as the type of a body that they leave out. */
function takeEmptyJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, String(body), done);
  });
}
