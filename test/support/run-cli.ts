import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run, settings } from '@oclif/core';
import { isBuilt } from './sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

// oclif's own way from dist/ to src/ fails without a word under tsx, and stale code would be tested.
settings.enableAutoTranspile = false;

/** Runs the command line from the sources, or as it was built with the tests (`docs/faults.md` §7). */
export async function runCli(argv: readonly string[]): Promise<unknown> {
  const pjson = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
  const places = { commands: './src/commands', hooks: { command_not_found: './src/cli/command-not-found' } };
  return await run([...argv], {
    root: ROOT,
    pjson: { ...pjson, oclif: { ...pjson.oclif, ...places } },
    // The manifest beside the sources is that of `dist/`.
    ignoreManifest: !isBuilt,
  });
}
