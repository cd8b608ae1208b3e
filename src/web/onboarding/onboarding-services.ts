import type { FastifyRequest } from 'fastify';
import type { Config } from '../../config/config.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { Log } from '../../logger.ts';
import type { Couch } from '../../operations/connect/couch.ts';
import type { HostAnswer } from '../host-answer.ts';
import type { AnswerRenderer } from '../pages/answer-renderer.ts';

/** What the routes of the onboarding work with. */
export interface OnboardingServices {
  readonly config: Config;
  readonly couch: Pick<Couch, 'global' | 'cluster'>;
  /** @throws FleetError `redis_unreachable` */
  fleet(): Promise<KeyedFleet>;
  /** What stands behind the host of a request. */
  hostAnswerOf(request: FastifyRequest): HostAnswer;
  /** The same, looked up anew: the instance may have changed since the request came. */
  hostAnswerNow(request: FastifyRequest): HostAnswer;
  /** The page of a host with which nothing can be registered. */
  readonly render: AnswerRenderer;
  readonly log: Log;
}
