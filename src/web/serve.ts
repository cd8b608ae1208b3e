import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import { createDispatchTransport } from '../couchdb/dispatch-transport.ts';
import type { Log } from '../logger.ts';
import { openCouch } from '../operations/connect/couch.ts';
import type { DiagnosisServices } from '../operations/doctor/diagnose.ts';
import { sharedDiagnosis } from '../operations/doctor/shared-diagnosis.ts';
import { currentRules } from '../operations/input/current-rules.ts';
import { createAdminServer } from './admin-server.ts';
import { openFleetLink } from './fleet-link.ts';
import { listenOn } from './http/create-server.ts';
import type { OperatorCheck } from './operator-check.ts';
import { createMovedToReader } from './pages/moved-to.ts';
import { createAnswerRenderer } from './pages/render-answer.ts';
import { createPublicServer } from './public-server.ts';
import type { WebContext } from './web-context.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly log: Log;
  readonly operator: OperatorCheck;
  /** Where it runs, as a diagnosis is told. */
  readonly surroundings: DiagnosisServices;
}

export interface RunningServers {
  /** Port of the pages of instances. */
  readonly publicPort: number;
  /** Port of the admin API and the fleet page. */
  readonly adminPort: number;
  /** Ends what waits, and closes all connections. */
  close(): Promise<void>;
}

/**
 * Opens both servers. Neither Redis nor CouchDB has to be there: what needs one that is away answers 503 until it is back.
 * @throws InputError `port_in_use` when it cannot listen
 */
export async function startServe({
  config,
  log,
  operator,
  surroundings,
}: ServeOptions): Promise<RunningServers> {
  const couch = openCouch(config, { failsSoon: true, createTransport: createDispatchTransport });
  const link = openFleetLink(config, couch.global);
  const stopping = new AbortController();
  const { signal } = stopping;
  const diagnose = sharedDiagnosis(config, surroundings, signal);
  const context: WebContext = {
    ...link,
    config,
    log,
    couch,
    operator,
    creationRules: currentRules(config),
    diagnose,
    stopping: signal,
  };
  const render = createAnswerRenderer(createMovedToReader(couch));
  const apps: FastifyInstance[] = [];

  async function close(): Promise<void> {
    stopping.abort();
    await Promise.all(apps.map((app) => app.close()));
    await link.close();
    await couch.close();
  }

  async function open(app: FastifyInstance, host: string, port: number): Promise<number> {
    apps.push(app);
    return await listenOn(app, host, port);
  }

  const { publicHost, publicPort, adminHost, adminPort } = config.serve;
  try {
    return {
      publicPort: await open(await createPublicServer(context, render), publicHost, publicPort),
      adminPort: await open(await createAdminServer(context), adminHost, adminPort),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
