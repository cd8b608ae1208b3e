#!/usr/bin/env node
import { execute } from '@oclif/core';
import { guardOutput } from '../dist/cli/guard-output.js';

guardOutput(process);
await execute({ dir: import.meta.url });
