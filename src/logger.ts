import { createLogger, format, transports, type Logger as Winston } from 'winston';
import { type LogFields, type WrittenFields, writtenFields } from './log-fields.ts';
import { createMasker, type Masker } from './mask-secrets.ts';
import { oneLine, safeJson } from './safe-text.ts';

export type { LogFields } from './log-fields.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export const LOG_FORMATS = ['text', 'json'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];

/** A text that stands in the program as it is: what comes from elsewhere goes into a field. */
type Constant<Text extends string> = string extends Text ? never : Text;

type Write = <Text extends string>(message: Constant<Text>, fields?: LogFields) => void;

/** A line as it is written. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: WrittenFields;
}

/**
 * Where the program says what it does. Secrets have no way in: a message is a constant, fields are those of
 * `log-fields.ts`, errors are told by `error-text.ts`, and what looks like a secret all the same is masked.
 */
export interface Log {
  readonly error: Write;
  readonly warn: Write;
  readonly info: Write;
  readonly debug: Write;
  /**
   * A log whose lines have these fields besides.
   * @param fields asked for with each line where they change
   * @param also told each line of it that has one of the levels, written or not
   * @param levels all when absent
   */
  child(
    fields: LogFields | (() => LogFields),
    also?: (line: LogLine) => void,
    levels?: readonly LogLevel[],
  ): Log;
  /** A text in which others had a part, without what looks like a secret. */
  readonly mask: Masker;
}

export interface LoggerOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  /** Where lines go. */
  readonly stream: NodeJS.WritableStream;
  /** What must never be seen, such as the passwords of the configuration. */
  readonly secrets?: readonly string[];
}

/** Lines of time, level, message and fields. */
export function openLog({ format: kind, level, stream, secrets = [] }: LoggerOptions): Log {
  const logger = createLogger({
    level,
    format: format.combine(format.timestamp(), kind === 'json' ? json : readable),
    transports: [new transports.Stream({ stream })],
  });
  return logOf({ logger, mask: createMasker(secrets), context: () => ({}), listeners: [] });
}

interface Inside {
  readonly logger: Winston;
  readonly mask: Masker;
  readonly context: () => LogFields;
  readonly listeners: readonly Listener[];
}

interface Listener {
  readonly levels: readonly LogLevel[];
  readonly tell: (line: LogLine) => void;
}

function logOf(inside: Inside): Log {
  const { logger, mask, context, listeners } = inside;
  const at = (level: LogLevel): Write => {
    const told = listeners.filter(({ levels }) => levels.includes(level));
    return (message, fields = {}) => {
      const isWritten = logger.isLevelEnabled(level);
      if (!isWritten && told.length === 0) return;
      const all = { ...context(), ...fields };
      const line: LogLine = { level, message, fields: writtenFields(all, mask) };
      // Asked before, for winston makes the whole text first. By name: a field must not be taken for the message.
      if (isWritten) logger.log({ ...line.fields, level, message });
      for (const { tell } of told) tell(line);
    };
  };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    mask,
    child(fields, also, levels = LOG_LEVELS) {
      const own = typeof fields === 'function' ? fields : () => fields;
      return logOf({
        ...inside,
        context: () => ({ ...context(), ...own() }),
        listeners: also === undefined ? listeners : [...listeners, { levels, tell: also }],
      });
    },
  };
}

const json = format.printf(({ timestamp, level, message, ...fields }) =>
  safeJson(JSON.stringify({ timestamp, level, message, ...fields })),
);

const readable = format.printf(({ timestamp, level, message, ...fields }) =>
  oneLine([timestamp, level.padEnd(5), message, ...Object.entries(fields).map(fieldText)].join(' ')),
);

/** A field for people: quoted where it would not be told apart. */
export function fieldText([name, value]: [string, unknown]): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `${name}=${/[\s"\p{Cc}]/u.test(text) ? JSON.stringify(text) : text}`;
}
