import { hash } from 'node:crypto';
import * as z from 'zod';
import { canonicalJson } from '../../canonical-json.ts';
import { flagsMap } from './feature-flags.ts';
import { skeletonOrder } from './skeleton-order.ts';

/** Fields of the settings document: all values are strings (`docs/cozy-data.md` §3.1). */
const settings = z.record(z.string(), z.string());

/** Ways to log in besides the passphrase, by the names that people use; their numbers are `AUTH_MODE_NUMBERS`. */
export const AUTH_MODES = ['basic', 'two_factor_mail', 'two_factor_oidc'] as const;

export type AuthMode = (typeof AUTH_MODES)[number];

/**
 * What an instance is to become, checked and normalised; no secrets. It travels in job payloads,
 * and its hash tells whether a reservation was made with the same options.
 */
export const instanceOptions = z.strictObject({
  /** Normalised, with port if any. */
  domain: z.string().min(1),
  /** Normalised, without duplicates, never the domain itself. */
  aliases: z.array(z.string()),
  locale: z.string().min(1),
  oldDomain: z.string().optional(),
  orgDomain: z.string().optional(),
  orgId: z.string().optional(),
  uuid: z.string().optional(),
  oidcId: z.string().optional(),
  franceconnectId: z.string().optional(),
  context: z.string().optional(),
  sponsorships: z.array(z.string()).optional(),
  featureSets: z.array(z.string()).optional(),
  /** Of the instance itself; none of them null. */
  featureFlags: flagsMap.optional(),
  tos: z.string().optional(),
  tosLatest: z.string().optional(),
  authMode: z.enum(AUTH_MODES).optional(),
  autoUpdate: z.boolean().optional(),
  magicLink: z.boolean().optional(),
  /** Blocked from its first day on, by the operator's wish. */
  blocked: z.boolean().optional(),
  blockingReason: z.string().optional(),
  /** The owner needs no welcome; absent = once there is a passphrase. */
  onboardingFinished: z.literal(true).optional(),
  /** Index in `couchdb.clusters`; absent = any that is open to creation. */
  couchCluster: z.int().min(0).optional(),
  /** Bytes, above 0; absent = unlimited. */
  diskQuota: z.int().positive().optional(),
  /** Content of the settings document, `tz`, `email`, `public_name` and `phone` included. */
  settings,
  /** Slugs, in the order given. */
  apps: z.array(z.string()),
  /** The first files of its owner; absent = none. */
  skeleton: skeletonOrder.optional(),
  /** Whether the operator gave a passphrase; the passphrase itself is never in here. */
  hasPassphrase: z.boolean(),
});

export type InstanceOptions = z.infer<typeof instanceOptions>;

/**
 * 16 hex digits that tell whether a reservation was made with the same options (`ARCHITECTURE.md` §3.5, `register`).
 * `apps` and `skeleton` do not count: they come once the instance is in use.
 */
export function optionsHash(options: InstanceOptions): string {
  const { apps: _, skeleton: __, ...reserved } = options;
  return hash('sha256', canonicalJson(reserved)).slice(0, 16);
}
