import { handle } from '@oclif/core';
import { guardOutput } from '../../src/cli/guard-output.ts';
import { runCli } from './run-cli.ts';

guardOutput(process);
await runCli(process.argv.slice(2)).catch(handle);
