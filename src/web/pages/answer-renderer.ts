import type { FastifyRequest } from 'fastify';
import type { HostAnswer } from '../host-answer.ts';

/** What a visitor gets. */
export interface RenderedAnswer {
  /** HTTP status. */
  readonly status: number;
  /** In lower case; the content type at least. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Makes the page, or the JSON, for what stands behind a host. A redirect is answered before it is asked. */
export type AnswerRenderer = (answer: HostAnswer, request: FastifyRequest) => Promise<RenderedAnswer>;
