import * as z from 'zod';
import { optionsHash } from '../../instances/options/options.ts';
import { strictOptions } from '../../instances/options/strict-options.ts';
import { domain, listOf } from '../../instances/options/strict-values.ts';
import { envelope } from './envelope.ts';
import { defineKind } from './kind.ts';

/** A mark, and what is sealed, in base64 (`sealed-passphrase.ts`). */
const sealedText = z
  .string()
  .max(2 ** 16)
  .regex(/^[0-9a-f]{16} [A-Za-z0-9+/]+={0,2}$/);

/** What tells one passphrase from another without opening the seal. */
export function passphraseMark(sealed: string): string {
  return sealed.slice(0, sealed.indexOf(' '));
}

const payload = z.strictObject({
  ...envelope,
  kind: z.literal('create'),
  options: strictOptions,
  /** The passphrase's stored form under the fleet's seal; only where one was given (`sealed-passphrase.ts`). */
  sealedPassphrase: sealedText.optional(),
  /** Domains whose creations come first: this one begins when none of them is under way any more. */
  after: listOf(domain).min(1).optional(),
});

export type CreatePayload = z.infer<typeof payload>;

/** Makes an instance (`ARCHITECTURE.md` §3.5). */
export const create = defineKind({
  name: 'create',
  hasLinks: true,
  payload,
  stages: ['register', 'databases', 'indexes', 'directories', 'settings', 'finish', 'skeleton', 'apps'],
  /** Made, or the same person's was there already. */
  outcomes: { done: 'created', skipped: 'exists' },
  words: {
    done: 'created',
    skipped: 'already there',
    doing: 'creating',
    noun: 'creation',
    endings: {
      done: (domain) => `${domain} has been created`,
      skipped: (domain) => `${domain} was there already; nothing was changed.`,
    },
  },
  namesOf: ({ options }) => [options.domain, ...options.aliases],
  digest({ options, sealedPassphrase }) {
    const mark = sealedPassphrase === undefined ? '' : passphraseMark(sealedPassphrase);
    const { apps, skeleton } = options;
    // The skeleton of the configuration is nothing that was asked for: a request made again after it has changed asks for the
    // same still.
    const files = skeleton?.directory === undefined ? '' : ` ${JSON.stringify(skeleton)}`;
    return `${optionsHash(options)} ${JSON.stringify(apps)} ${mark}${files}`;
  },
  appsOf: ({ options }) => options.apps,
  leavesInUse: (doneStages, code) =>
    code !== 'superseded' && (doneStages.includes('finish') || code === 'apps'),
});

export type CreateStageName = (typeof create.stages)[number];
