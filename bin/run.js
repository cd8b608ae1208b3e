#!/usr/bin/env node
import { restrictDebug } from '../dist/cli/terminal/debug-namespaces.js';
import { guardOutput } from '../dist/cli/terminal/guard-output.js';

guardOutput(process);
// What runs for long tells where in the sources it failed; a command would take longer to read the maps than to run.
if (/^(up|serve|workers)\b/.test(process.argv[2] ?? '')) process.setSourceMapsEnabled(true);
// Before oclif is loaded, which looks at DEBUG then and prints its arguments, a passphrase among them.
restrictDebug(process.env, process.argv.slice(2));
const { execute } = await import('../dist/cli/execute.js');
await execute(import.meta.url);
