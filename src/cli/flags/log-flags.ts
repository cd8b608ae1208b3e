import { Flags } from '@oclif/core';
import type { Config } from '../../config/config.ts';
import { configSecrets } from '../../config/config-secrets.ts';
import { LOG_FORMATS, LOG_LEVELS, type Log, type LogFormat, type LogLevel, openLog } from '../../logger.ts';

/** How a process that runs for long says what it does. */
export const logFlags = {
  'log-format': Flags.option({
    summary: 'How log lines are written to stderr [default: text on a terminal, else json]',
    options: LOG_FORMATS,
  })(),
  'log-level': Flags.option({
    summary: 'The least that is logged',
    options: LOG_LEVELS,
    default: 'info',
  })(),
};

interface GivenLogFlags {
  readonly 'log-format'?: LogFormat | undefined;
  readonly 'log-level': LogLevel;
}

/** The log of a command on stderr, for stdout is for results. */
export function openStderrLog(flags: GivenLogFlags, config: Config): Log {
  const { stderr } = process;
  const format = flags['log-format'] ?? (stderr.isTTY ? 'text' : 'json');
  const level = flags['log-level'];
  return openLog({ format, level, stream: stderr, secrets: configSecrets(config) });
}
