import { createHmac } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Config } from '../../src/config/config.ts';
import { openCouch } from '../../src/operations/connect/couch.ts';
import type { DiagnosisServices } from '../../src/operations/doctor/diagnose.ts';
import { sharedDiagnosis } from '../../src/operations/doctor/shared-diagnosis.ts';
import { currentRules } from '../../src/operations/input/current-rules.ts';
import { openFleetLink } from '../../src/web/fleet-link.ts';
import type { OperatorCheck } from '../../src/web/operator-check.ts';
import { type RunningServers, startServe } from '../../src/web/serve.ts';
import type { WebContext } from '../../src/web/web-context.ts';
import type { TestFleet } from './fleet.ts';
import { silentLog } from './test-log.ts';

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
    surroundings: testSurroundings(),
  });
  return {
    ...running,
    publicUrl: `http://127.0.0.1:${running.publicPort}`,
    adminUrl: `http://127.0.0.1:${running.adminPort}`,
  };
}

/** Where a server of a test runs, as a diagnosis is told. */
export function testSurroundings(): DiagnosisServices {
  return {
    source: { env: {}, cwd: '/', home: '/' },
    version: '0.0.0-test',
    node: process.versions.node,
    uid: process.getuid?.(),
    now: Date.now,
  };
}

/** What the routes of a server work with, for a test that starts some of them alone. */
export interface TestContext {
  readonly context: WebContext;
  /** Ends what waits; to be called before the server that has the routes is closed. */
  stop(): void;
  /** Closes the connections. */
  close(): Promise<void>;
}

/** Connects to nothing before the first question. */
export function openTestContext(config: Config): TestContext {
  const couch = openCouch(config);
  const link = openFleetLink(config, couch.global);
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const { signal } = stopping;
  return {
    context: {
      ...{ ...link, config, couch, log: silentLog(), operator: testOperator, stopping: signal },
      creationRules: currentRules(config),
      diagnose: sharedDiagnosis(config, testSurroundings(), signal),
    },
    stop: () => stopping.abort(),
    async close() {
      await link.close();
      await couch.close();
    },
  };
}
