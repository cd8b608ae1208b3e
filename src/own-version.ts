import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { ownFile } from './own-file.ts';

const ownPackage = z.object({ version: z.string() });

/** Version of this program, as its package has it. */
export const OWN_VERSION: string = ownPackage.parse(
  JSON.parse(readFileSync(ownFile('package.json'), 'utf8')),
).version;
