#!/usr/bin/env node
import { restrictDebug } from '../dist/cli/terminal/debug-namespaces.js';
import { guardOutput } from '../dist/cli/terminal/guard-output.js';

guardOutput(process);
// Before oclif is loaded, which looks at DEBUG then and prints its arguments, a passphrase among them.
restrictDebug(process.env, process.argv.slice(2));
const { execute } = await import('@oclif/core');
await execute({ dir: import.meta.url });
