import type { IncomingMessage } from 'node:http';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

export interface PageHeaderOptions {
  /** Whether the scripts of these pages talk to their own server. */
  readonly connects?: boolean;
  /**
   * Whom a browser tells which of these pages led it somewhere. A server that has to know where its forms come from is
   * told, and nobody else.
   */
  readonly referrer?: 'no-referrer' | 'same-origin';
  /** What else these pages may do, by directives that stand in the place of the usual ones. */
  readonly directives?: Readonly<Record<string, readonly string[]>>;
  /**
   * The origin, besides their own, to which the answer to a form of these pages may lead: browsers hold redirects after a
   * form to `form-action`, too. Such as `https://alice.example.com`; undefined = none.
   */
  formTarget?(request: IncomingMessage): string | undefined;
}

/** An origin and nothing else: other characters would make another policy of it. */
const ORIGIN = /^https?:\/\/[a-z0-9.\-_[\]:]+$/;

const SELF = "'self'";
const NONE = "'none'";

/**
 * Has all answers of a server, errors too, tell browsers to load nothing from elsewhere, to run and to frame nothing that
 * is not ours, to name our pages to nobody, and to keep nothing unless the route says otherwise. Nothing here speaks of
 * HTTPS: whether a name has it, and will keep it, is known to the server in front of us.
 */
export async function registerPageHeaders(
  app: FastifyInstance,
  {
    connects = false,
    formTarget = () => undefined,
    referrer = 'no-referrer',
    directives = {},
  }: PageHeaderOptions = {},
): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: [NONE],
        styleSrc: [SELF],
        scriptSrc: [SELF],
        imgSrc: [SELF, 'data:'],
        fontSrc: [SELF],
        connectSrc: [connects ? SELF : NONE],
        formAction: [(request) => [SELF, ...originsIn(formTarget(request))].join(' ')],
        baseUri: [NONE],
        frameAncestors: [NONE],
        ...directives,
      },
    },
    referrerPolicy: { policy: referrer },
    frameguard: { action: 'deny' },
    strictTransportSecurity: false,
  });
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
}

function originsIn(target: string | undefined): string[] {
  return target !== undefined && ORIGIN.test(target) ? [target] : [];
}
