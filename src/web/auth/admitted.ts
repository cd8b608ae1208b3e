import type { FastifyRequest } from 'fastify';
import type { OperatorCheck } from '../operator-check.ts';
import { basicCredentials } from './basic-credentials.ts';
import { isForeign } from './foreign-request.ts';

/** Whether a request comes from the operator: `nobody` brought no credentials at all. */
export type Admission = 'admitted' | 'nobody' | 'wrong' | 'limited';

/**
 * Looks at the Basic credentials of a request; any user will do, as with a stack. A browser that remembers them sends
 * them wherever a page of somebody else leads it: from there they do not count.
 */
export async function admittedByBasic(
  operator: OperatorCheck,
  request: Pick<FastifyRequest, 'headers' | 'ip'>,
): Promise<Admission> {
  const credentials = basicCredentials(request.headers.authorization);
  if (credentials === undefined || isForeign(request)) return 'nobody';
  const verdict = await operator.verify(credentials.password, request.ip);
  return verdict === 'right' ? 'admitted' : verdict;
}
