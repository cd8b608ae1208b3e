import type { FastifyInstance } from 'fastify';
import { followInstances } from '../instances/lookup/follow-instances.ts';
import { asksForAsset, registerAssets } from './http/assets.ts';
import { createWebServer } from './http/create-server.ts';
import { registerPageHeaders } from './http/page-headers.ts';
import { answerRaw } from './http/raw-answer.ts';
import { registerOnboarding } from './onboarding/routes.ts';
import type { AnswerRenderer } from './pages/answer-renderer.ts';
import { answerFor } from './public/answer-for.ts';
import { formTarget } from './public/form-target.ts';
import { registerHostAnswers, routablePath } from './public/host-answers.ts';
import { createHostJudge } from './public/host-judge.ts';
import { registerUpstream } from './public/upstream.ts';
import type { WebContext } from './web-context.ts';

/** Bytes of a body: a passphrase with its keys. */
const BODY_LIMIT = 64 * 1024;

/** The server for the owners of instances, told apart by the host that they ask for. */
export async function createPublicServer(
  context: WebContext,
  render: AnswerRenderer,
): Promise<FastifyInstance> {
  const { config, couch, log, stopping } = context;
  const { trustedProxies, upstream } = config.serve;
  const { linkScheme: scheme } = config.fleet;
  const report = (failure: unknown) => {
    if (failure === undefined) log.info('following instances again');
    else log.warn('instances cannot be followed', { error: failure });
  };
  const followed = followInstances({ global: couch.global, signal: stopping, report });
  const judge = createHostJudge(followed.names, config.subdomains);
  const app = createWebServer({
    trustedProxies,
    bodyLimit: BODY_LIMIT,
    // What a stack is sent may be a file of any size.
    ...(upstream !== undefined && { requestTimeout: 0 }),
    framework: {
      rewriteUrl(request) {
        // By the target as it came.
        judge.judge(request);
        return routablePath(request.url ?? '');
      },
    },
  });
  app.addHook('onClose', () => followed.ended);
  // We are no tunnel.
  app.server.on('connect', (_request, socket) => answerRaw(socket, 400));
  if (upstream !== undefined) registerUpstream(app, { origin: upstream, judge, trustedProxies });
  await registerPageHeaders(app, {
    formTarget: (request) => formTarget(scheme, answerFor(judge.judge(request))),
  });
  registerHostAnswers(app, {
    judge,
    render,
    scheme,
    isOpen: asksForAsset,
    report: (failure) => log.error('a request was not answered', { error: failure }),
  });
  await registerAssets(app);
  await registerOnboarding(app, {
    ...context,
    render,
    hostAnswerOf: (request) => answerFor(judge.judge(request.raw)),
    hostAnswerNow: (request) =>
      answerFor(createHostJudge(followed.names, config.subdomains).judge(request.raw)),
  });
  return app;
}
