import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

const OWN = new URL('../../../package.json', import.meta.url);

const ownPackage = z.object({ version: z.string() });

/** Which program answers here, in the members that a stack has. */
export function versionRoute(app: FastifyInstance): void {
  const { version } = ownPackage.parse(JSON.parse(readFileSync(OWN, 'utf8')));
  const answer = {
    version: `cozy-fleet ${version}`,
    build_mode: 'production',
    build_time: '',
    runtime_version: '',
  };
  app.get('/version', async () => answer);
  app.get('/version/', async () => answer);
}
