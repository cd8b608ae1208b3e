import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

const NOBODY = ["'none'"];
const OURS = ["'self'"];

/** What our own pages may load, and where their forms may lead. */
const PAGES = {
  defaultSrc: NOBODY,
  scriptSrc: OURS,
  styleSrc: OURS,
  imgSrc: [...OURS, 'data:'],
  connectSrc: OURS,
  formAction: OURS,
  baseUri: NOBODY,
  frameAncestors: NOBODY,
};

/** The board of the queue sets styles in its elements, and names its own folder as the base of its links. */
const BOARD = {
  ...PAGES,
  styleSrc: [...OURS, "'unsafe-inline'"],
  fontSrc: OURS,
  baseUri: OURS,
  formAction: NOBODY,
};

/**
 * Headers by which browsers load nothing but ours, and show nobody else's page around it.
 * A page says to its own server where it comes from, for that is how a form of ours is told from another's.
 */
export async function addPagePolicy(app: FastifyInstance, kind: 'pages' | 'board'): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: kind === 'pages' ? PAGES : BOARD },
    referrerPolicy: { policy: 'same-origin' },
    // Whether the server is reached by https alone is not known here.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
}
