import { Flags } from '@oclif/core';
import { LOG_FORMATS, LOG_LEVELS } from '../../logger.ts';

/** How a process that runs for long says what it does. */
export const logFlags = {
  'log-format': Flags.option({
    summary: 'How log lines are written to stderr',
    options: LOG_FORMATS,
    default: 'text',
  })(),
  'log-level': Flags.option({
    summary: 'The least that is logged',
    options: LOG_LEVELS,
    default: 'info',
  })(),
};
