import { createHmac } from 'node:crypto';
import type { InstanceDocument } from '../../instances/documents/instance-document.ts';

/** Whom a token is for. */
export type Audience = 'app' | 'konn' | 'cli' | 'access' | 'refresh';

/** Seconds for which a stack takes a token, from its time of issue on (`docs/admin-api.md` §2.6). */
export const VALID_SECONDS: Readonly<Record<Audience, number>> = {
  app: 24 * 3600,
  konn: 30 * 60,
  cli: 30 * 60,
  access: 7 * 24 * 3600,
  refresh: 24 * 3600,
};

/** Names by which clients ask for a token. */
const AUDIENCES: Readonly<Record<string, Audience>> = {
  app: 'app',
  webapp: 'app',
  konn: 'konn',
  konnector: 'konn',
  access: 'access',
  'access-token': 'access',
  refresh: 'refresh',
  'refresh-token': 'refresh',
  cli: 'cli',
};

export function audienceOf(name: string): Audience | undefined {
  return Object.hasOwn(AUDIENCES, name) ? AUDIENCES[name] : undefined;
}

/** What a token says. */
export interface TokenClaims {
  readonly audience: Audience;
  /** Domain of the instance. */
  readonly issuer: string;
  readonly subject: string;
  readonly scope: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
}

/** A JSON Web Token, signed with HMAC-SHA-512 as a stack does it. */
export function signToken({ audience, issuer, subject, scope, issuedAt }: TokenClaims, key: Buffer): string {
  const claims = {
    iss: issuer,
    ...(subject !== '' && { sub: subject }),
    aud: [audience],
    iat: issuedAt,
    ...(scope !== '' && { scope }),
  };
  const signed = `${encoded({ alg: 'HS512', typ: 'JWT' })}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha512', key).update(signed).digest('base64url')}`;
}

/** The key that tokens for that audience are signed with; undefined where the document has none. */
export function signingKey(instance: InstanceDocument, audience: Audience): Buffer | undefined {
  const { cli_secret: cli, oauth_secret: oauth, session_secret: session } = instance;
  switch (audience) {
    case 'cli':
      return bytes(cli);
    case 'access':
    case 'refresh':
      return bytes(oauth);
    case 'app':
    case 'konn': {
      const key = bytes(session);
      return key && Buffer.concat([Buffer.from('2:'), key]);
    }
    default:
      return audience satisfies never;
  }
}

/** An empty key would be one that everybody knows. */
function bytes(base64: string | undefined): Buffer | undefined {
  const key = Buffer.from(base64 ?? '', 'base64');
  return key.length === 0 ? undefined : key;
}

function encoded(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url');
}
