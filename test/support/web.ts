import { createHmac } from 'node:crypto';
import type { Config } from '../../src/config/config.ts';
import type { OperatorCheck } from '../../src/web/operator-check.ts';
import { type RunningServers, startServe } from '../../src/web/serve.ts';
import type { TestFleet } from './fleet.ts';
import { silentLog } from './worker-settings.ts';

/** The passphrase of the operator of all tests. */
export const OPERATOR_PASSPHRASE = 'open sesame';

/** What programs send with each request to the admin port. */
export const OPERATOR_AUTHORIZATION = `Basic ${Buffer.from(`admin:${OPERATOR_PASSPHRASE}`).toString('base64')}`;

/** Takes the passphrase above, and no other. */
export const testOperator: OperatorCheck = {
  verify: async (passphrase) => (passphrase === OPERATOR_PASSPHRASE ? 'right' : 'wrong'),
  deriveKey: async (purpose) => createHmac('sha256', OPERATOR_PASSPHRASE).update(purpose).digest(),
};

export interface TestWeb extends RunningServers {
  readonly publicUrl: string;
  readonly adminUrl: string;
}

/** Both servers of `cozy-fleet serve` on free ports, for a fleet of a test. */
export async function startTestWeb(
  { config }: Pick<TestFleet, 'config'>,
  serve: Partial<Config['serve']> = {},
  operator: OperatorCheck = testOperator,
): Promise<TestWeb> {
  const running = await startServe({
    config: { ...config, serve: { ...config.serve, ...serve } },
    log: silentLog(),
    operator,
  });
  return {
    ...running,
    publicUrl: `http://127.0.0.1:${running.publicPort}`,
    adminUrl: `http://127.0.0.1:${running.adminPort}`,
  };
}
