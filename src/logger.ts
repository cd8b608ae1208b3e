import { createLogger, format, type Logger, transports } from 'winston';
import { oneLine, safeJson } from './safe-text.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export const LOG_FORMATS = ['text', 'json'] as const;

export interface LoggerOptions {
  readonly format: (typeof LOG_FORMATS)[number];
  readonly level: (typeof LOG_LEVELS)[number];
  /** Where lines go. */
  readonly stream: NodeJS.WritableStream;
}

/** Lines of time, level, message and fields. Nothing secret is ever handed to it, so it redacts nothing. */
export function openLog({ format: kind, level, stream }: LoggerOptions): Logger {
  return createLogger({
    level,
    format: format.combine(format.timestamp(), kind === 'json' ? json : readable),
    transports: [new transports.Stream({ stream })],
  });
}

const json = format.printf((info) => safeJson(JSON.stringify(info)));

const readable = format.printf(({ timestamp, level, message, ...fields }) =>
  oneLine([timestamp, level.padEnd(5), message, ...Object.entries(fields).map(written)].join(' ')),
);

function written([name, value]: [string, unknown]): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `${name}=${/[\s"\p{Cc}]/u.test(text) ? JSON.stringify(text) : text}`;
}
