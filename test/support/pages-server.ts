import type { FastifyRequest } from 'fastify';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { stackState } from '../../src/instances/documents/instance-state.ts';
import { classifyDocument, requireReadable } from '../../src/instances/lookup/classify-document.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import type { HostAnswer } from '../../src/web/host-answer.ts';
import { registerAssets } from '../../src/web/http/assets.ts';
import { createWebServer, listenOn } from '../../src/web/http/create-server.ts';
import { registerPageHeaders } from '../../src/web/http/page-headers.ts';
import type { OnboardingServices } from '../../src/web/onboarding/onboarding-services.ts';
import { registerOnboarding } from '../../src/web/onboarding/routes.ts';
import { createMovedToReader } from '../../src/web/pages/moved-to.ts';
import { createAnswerRenderer } from '../../src/web/pages/render-answer.ts';
import type { TestFleet } from './fleet.ts';
import { silentLog } from './test-log.ts';

/** A register token in the form of links. */
export const TOKEN = '00112233445566778899aabbccddeeff';

/** What a server was asked. */
export interface AskedRequest {
  readonly method: string;
  readonly url: string;
  readonly referrer: string | undefined;
  readonly body: unknown;
}

export interface PagesServer {
  readonly port: number;
  /** What stands behind the hosts, without port. */
  readonly answers: Map<string, HostAnswer>;
  /** All requests so far that a route or a page answered. */
  readonly asked: readonly AskedRequest[];
  /** Puts an instance that waits for its owner, with its settings, behind the host that is its domain. */
  putOnboarding(fields: Partial<InstanceDocument> & { domain: string }): Promise<StoredInstance>;
  close(): Promise<void>;
}

/** The pages of instances, and the onboarding, for hosts that a test names. */
export async function startPagesServer(
  test: TestFleet,
  services: Partial<OnboardingServices> = {},
): Promise<PagesServer> {
  const { trustedProxies } = test.config.serve;
  const app = createWebServer({ trustedProxies, bodyLimit: 64 * 1024 });
  const answers = new Map<string, HostAnswer>();
  const asked: AskedRequest[] = [];
  // What is known of hosts follows what the routes write at once.
  const global: CouchServer = {
    ...test.server,
    async putDocument(database, document, signal) {
      const revision = await test.server.putDocument(database, document, signal);
      const after = await test.server.getDocument(database, document._id);
      if (database === INSTANCES && after !== undefined) follow(requireReadable(classifyDocument(after)));
      return revision;
    },
  };
  const couch = { global, cluster: () => test.server };
  const follow = (instance: StoredInstance): void =>
    void answers.set(instance.domain.replace(/:\d+$/, ''), hostAnswer(instance));
  const render = createAnswerRenderer(createMovedToReader(couch));
  const hostAnswerOf = ({ headers: { host = '' } }: FastifyRequest): HostAnswer =>
    answers.get(host.replace(/:\d+$/, '')) ?? { state: 'unknown' };

  app.addHook('preHandler', async ({ method, url, headers, body }) => {
    asked.push({ method, url, referrer: headers.referer, body });
  });
  await registerPageHeaders(app);
  await registerAssets(app);
  app.setNotFoundHandler(async (request, reply) => {
    const { status, headers, body } = await render(hostAnswerOf(request), request);
    return await reply.code(status).headers(headers).send(body);
  });
  await registerOnboarding(app, {
    config: test.config,
    couch,
    fleet: async () => test.fleet,
    hostAnswerOf,
    hostAnswerNow: hostAnswerOf,
    render,
    log: silentLog(),
    ...services,
  });
  const port = await listenOn(app, '127.0.0.1', 0);
  return {
    port,
    answers,
    asked,
    async putOnboarding(fields) {
      const { domain } = fields;
      const instance = await test.putInstance({
        prefix: prefixOf(domain),
        register_token: Buffer.from(TOKEN, 'hex').toString('base64'),
        cli_secret: 'of this life',
        ...fields,
      });
      await test.server.createDatabase(databaseName(prefixOf(domain), 'io.cozy.settings'));
      follow(instance);
      return instance;
    },
    close: () => app.close(),
  };
}

/** What stands behind the host of an instance, by its document. */
export function hostAnswer(document: StoredInstance): HostAnswer {
  const { _id: id, domain, old_domain: oldDomain, locale, context: contextName } = document;
  const instance = { id, domain, oldDomain, locale, contextName };
  return { state: stackState(document) === 'onboarded' ? 'ready' : 'onboarding', instance };
}
