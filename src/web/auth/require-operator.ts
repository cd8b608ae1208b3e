import type { FastifyInstance } from 'fastify';
import type { OperatorCheck } from '../operator-check.ts';
import { type Admission, admittedByBasic } from './admitted.ts';

/** Whoever is not admitted. */
export type Denial = Exclude<Admission, 'admitted'>;

/**
 * Lets only the operator's requests reach the routes of a server, or of a part of it. It comes before a body is read.
 * @param deny throws what such a request is answered with
 */
export function requireOperator(
  app: FastifyInstance,
  operator: OperatorCheck,
  deny: (denial: Denial) => never,
): void {
  app.addHook('onRequest', async (request) => {
    const admission = await admittedByBasic(operator, request);
    if (admission !== 'admitted') deny(admission);
  });
}
