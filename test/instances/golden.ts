import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { IndexesVersion } from '../../src/config/config.ts';

const document = z.looseObject({ _id: z.string() });

const dump = z.object({
  instance: document,
  databases: z.record(z.string(), z.array(document)),
});

export type GoldenDump = z.infer<typeof dump>;
export type GoldenName = 'minimal' | 'full' | 'onboarded' | 'konnector';

/** What a real stack wrote that counts its indexes under that number, normalised as said in the golden README. */
export function golden(name: GoldenName, version: IndexesVersion = 38): GoldenDump {
  const file = version === 38 ? `${name}.json` : `${version}/${name}.json`;
  return dump.parse(JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), 'utf8')));
}

/** The document of a dump with an `_id`. */
export function goldenDocument(name: GoldenName, database: string, id: string): unknown {
  return golden(name).databases[database]?.find((candidate) => candidate._id === id);
}
