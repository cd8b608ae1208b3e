import { handle } from '@oclif/core';
import { runCli } from './run-cli.ts';

await runCli(process.argv.slice(2)).catch(handle);
