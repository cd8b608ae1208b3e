import { readFileSync } from 'node:fs';
import { z } from 'zod';

const ownPackage = z.object({ version: z.string() });

/** Version of this program, as its package has it. */
export const OWN_VERSION: string = ownPackage.parse(
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')),
).version;
