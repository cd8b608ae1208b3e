import { PassThrough, Writable } from 'node:stream';
import { type Log, openLog } from '../../src/logger.ts';

/** A log that nobody reads. */
export function silentLog(): Log {
  return openLog({ format: 'json', level: 'error', stream: new PassThrough().resume() });
}

/** A log of all levels, whose lines go into an array, one JSON text each. */
export function capturingLog(lines: string[], secrets: readonly string[] = []): Log {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8').trimEnd());
      done();
    },
  });
  return openLog({ format: 'json', level: 'debug', stream, secrets });
}
