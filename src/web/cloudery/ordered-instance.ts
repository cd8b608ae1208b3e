import { createHash } from 'node:crypto';
import * as z from 'zod';
import { InputError } from '../../errors.ts';
import type { InstanceOptions } from '../../instances/options/options.ts';
import { type ParsingRules, parseInstanceOptions } from '../../instances/options/parse-options.ts';
import { lenientLocale } from '../admin/messages/lenient-locale.ts';

const MOST_CHARACTERS = 1_024;

const text = z.string().max(MOST_CHARACTERS);

/** A label of a host, or several. */
const slug = z.string().min(1).max(253);

/** What Cloudery's clients order; members that say nothing of an instance are passed over. */
const order = z.object({
  slug,
  /** Under which the instance is made. */
  domain: slug,
  email: text.optional(),
  publicName: text.optional(),
  public_name: text.optional(),
  locale: text.optional(),
  /** `sub` of the user's login by OpenID Connect. */
  oidc: text.optional(),
  phone: text.optional(),
  /** A name of a plan, kept with the settings. */
  offer: z
    .string()
    .regex(/^[\w.-]{0,100}$/)
    .optional(),
  org_domain: text.optional(),
  org_id: text.optional(),
});

/**
 * Reads an order of an instance, in JSON.
 * @throws InputError `bad_request`, `invalid_options`
 */
export function readOrder(body: unknown, rules: ParsingRules): InstanceOptions {
  const parsed = order.safeParse(body);
  if (!parsed.success) throw badOrder(parsed.error);
  const wanted = parsed.data;
  const raw = {
    domain: `${wanted.slug}.${wanted.domain}`,
    email: wanted.email,
    'public-name': wanted.public_name || wanted.publicName,
    locale: lenientLocale(wanted.locale),
    oidc_id: wanted.oidc,
    phone: wanted.phone,
    settings: wanted.offer ? `offer:${wanted.offer}` : undefined,
    'org-domain': wanted.org_domain,
    'org-id': wanted.org_id,
  };
  const { contexts: _, ...known } = rules;
  const { options } = parseInstanceOptions(raw, { ...known, incompleteMembers: true });
  return { ...options, uuid: uuidOf(options.domain) };
}

function badOrder({ issues: [issue] }: z.ZodError): InputError {
  const where = issue?.path.join('.') || 'the body';
  return new InputError('bad_request', `${where}: ${issue?.message ?? 'is wrong'}`.slice(0, 300));
}

/**
 * The UUID by which the instance of a domain goes. It follows from the domain (version 8, RFC 9562 §5.8), so that the
 * same order is the same work, although the instance has no document yet.
 */
export function uuidOf(domain: string): string {
  const bytes = createHash('sha256').update(`cozy-fleet uuid ${domain}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** By which an instance goes among Cloudery's clients. */
export function clouderyId({
  _id,
  uuid,
}: {
  readonly _id: string;
  readonly uuid?: string | undefined;
}): string {
  return uuid || _id;
}
