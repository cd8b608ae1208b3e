import { restrictDebug } from '../../src/cli/terminal/debug-namespaces.ts';
import { guardOutput } from '../../src/cli/terminal/guard-output.ts';

guardOutput(process);
// As in bin/run.js: before oclif is loaded.
restrictDebug(process.env, process.argv.slice(2));
const { handle } = await import('@oclif/core');
const { runCli } = await import('./run-cli.ts');
await runCli(process.argv.slice(2)).catch(handle);
