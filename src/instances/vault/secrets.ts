import { randomBytes } from 'node:crypto';

/** A source of unpredictable bytes, such as `crypto.randomBytes`; tests hand in their own. */
export type RandomBytes = (size: number) => Buffer;

/** Secrets of an instance document, in base64, under the names they have there. */
export interface InstanceSecrets {
  readonly register_token: string;
  readonly session_secret: string;
  readonly oauth_secret: string;
  readonly cli_secret: string;
}

/** The secrets of a new instance: 16, 64, 128 and 128 random bytes (`docs/cozy-data.md` §2.1). */
export function newSecrets(random: RandomBytes = randomBytes): InstanceSecrets {
  return {
    register_token: random(16).toString('base64'),
    session_secret: random(64).toString('base64'),
    oauth_secret: random(128).toString('base64'),
    cli_secret: random(128).toString('base64'),
  };
}
