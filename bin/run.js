#!/usr/bin/env node
import module from 'node:module';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { restrictDebug } from '../dist/cli/terminal/debug-namespaces.js';
import { guardOutput } from '../dist/cli/terminal/guard-output.js';

guardOutput(process);
keepCompiled();
// What runs for long tells where in the sources it failed; a command would take longer to read the maps than to run.
if (/^(up|serve|workers)\b/.test(process.argv[2] ?? '')) process.setSourceMapsEnabled(true);
// Before oclif is loaded, which looks at DEBUG then and prints its arguments, a passphrase among them.
restrictDebug(process.env, process.argv.slice(2));
const { execute } = await import('../dist/cli/execute.js');
await execute(import.meta.url);

/**
 * Has Node keep what it compiles for the next command, where it can (22.8 and newer). By itself it would keep that in the
 * directory for temporary files, where others might put something for us to run; and `HOME` may be another user's.
 */
function keepCompiled() {
  if (module.enableCompileCache === undefined) return;
  try {
    module.enableCompileCache(join(userInfo().homedir, '.cache', 'cozy-fleet', 'compiled'));
  } catch {
    // A user who is not in the list of users has no directory of his own.
  }
}
