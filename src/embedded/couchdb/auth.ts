import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badRequest, CouchError } from './couch-error.ts';
import { Lockout } from './lockout.ts';
import { isObject, objectBody } from './request.ts';

const OPEN = new Set(['/', '/_up', '/_session']);
const OPEN_TO_LOGIN = new Set(['/_session']);
const ROLES = ['_admin'];
const COOKIE_SECONDS = 600;

export interface AuthOptions {
  readonly user: string;
  readonly password: string;
  /** Whether wrong passwords lock the account, as CouchDB has it by default. */
  readonly lockout?: boolean | undefined;
  /** CouchDB's `require_valid_user`: nothing is answered to anybody else, `/_up` included. */
  readonly requireValidUser?: boolean | undefined;
}

/** Lets in whoever knows the one user and password, by Basic or by cookie, as CouchDB does. */
export class Auth {
  readonly #user: string;
  #password: string;
  readonly #lockout: Lockout | undefined;
  readonly #open: ReadonlySet<string>;
  readonly #sessions = new Map<string, number>();

  constructor({ user, password, lockout = false, requireValidUser = false }: AuthOptions) {
    this.#user = user;
    this.#password = password;
    this.#lockout = lockout ? new Lockout() : undefined;
    this.#open = requireValidUser ? OPEN_TO_LOGIN : OPEN;
  }

  /** Refuses wrong credentials everywhere, and absent ones where they are needed. */
  check(request: FastifyRequest): void {
    const path = request.url.split('?')[0] ?? '';
    if (this.#isIn(request) || this.#open.has(path)) return;
    if (this.#open === OPEN_TO_LOGIN) throw unauthorized('Authentication required.');
    const onServer = path.startsWith('/_');
    throw unauthorized(
      onServer ? 'You are not a server admin.' : 'You are not authorized to access this db.',
    );
  }

  /** The routes of `_session`. */
  readonly routes = (app: FastifyInstance): void => {
    app.get('/_session', (request) => {
      const isIn = this.#isIn(request);
      const userCtx = isIn ? { name: this.#user, roles: ROLES } : { name: null, roles: [] };
      const info = {
        authentication_handlers: ['cookie', 'default'],
        ...(isIn ? { authenticated: 'default' } : {}),
      };
      return { ok: true, userCtx, info };
    });
    app.post('/_session', (request, reply) => {
      const { name, password } = credentialsOf(request);
      this.#verify(request.ip, name, password);
      const token = randomBytes(24).toString('base64url');
      this.#sessions.set(token, Date.now() + COOKIE_SECONDS * 1000);
      void reply.header(
        'set-cookie',
        `AuthSession=${token}; Version=1; Max-Age=${COOKIE_SECONDS}; Path=/; HttpOnly`,
      );
      return { ok: true, name: this.#user, roles: ROLES };
    });
    app.put<{ Params: { name: string } }>('/_node/_local/_config/admins/:name', ({ params, body }) => {
      if (params.name !== this.#user) throw badRequest('there is one user only');
      const password: unknown = Buffer.isBuffer(body) ? JSON.parse(body.toString('utf8')) : undefined;
      if (typeof password !== 'string' || password === '') throw badRequest('no password');
      this.#password = password;
      this.#lockout?.forget();
      return JSON.stringify('-hashed-');
    });
    app.delete('/_session', (_request, reply) => {
      void reply.header('set-cookie', 'AuthSession=; Version=1; Max-Age=0; Path=/; HttpOnly');
      return { ok: true };
    });
  };

  #isIn({ headers, ip }: FastifyRequest): boolean {
    const basic = /^Basic (.+)$/i.exec(headers.authorization ?? '')?.[1];
    if (basic !== undefined) {
      const [user = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':');
      this.#verify(ip, user, rest.join(':'));
      return true;
    }
    const token = /(?:^|;\s*)AuthSession=([^;]+)/.exec(headers.cookie ?? '')?.[1];
    return token !== undefined && (this.#sessions.get(token) ?? 0) > Date.now();
  }

  #verify(peer: string, user: string, password: string): void {
    const isUser = sameText(user, this.#user);
    if (isUser) this.#lockout?.refuseLocked(peer);
    if (sameText(password, this.#password) && isUser) return;
    if (isUser) this.#lockout?.count(peer);
    throw wrong();
  }
}

function credentialsOf(request: FastifyRequest): { name: string; password: string } {
  const isForm = !request.headers['content-type']?.includes('json');
  const text = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
  const given: unknown = isForm ? Object.fromEntries(new URLSearchParams(text)) : objectBody(request.body);
  const { name, password } = isObject(given) ? given : {};
  return { name: String(name), password: String(password) };
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

function wrong(): CouchError {
  return unauthorized('Name or password is incorrect.');
}

function unauthorized(reason: string): CouchError {
  return new CouchError(401, 'unauthorized', reason);
}
