import type { FastifyInstance } from 'fastify';
import { OWN_VERSION } from '../../own-version.ts';

/** Which program answers here, in the members that a stack has. */
export function versionRoute(app: FastifyInstance): void {
  const answer = {
    version: `cozy-fleet ${OWN_VERSION}`,
    build_mode: 'production',
    build_time: '',
    runtime_version: '',
  };
  app.get('/version', async () => answer);
  app.get('/version/', async () => answer);
}
