import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { openLog } from '../src/logger.ts';

describe('openLog', () => {
  function logged(format: 'json' | 'text', level: 'info' | 'warn' = 'info'): string {
    const stream = new PassThrough();
    const log = openLog({ format, level, stream });
    log.info('worker started', { worker: 'w1', concurrency: 4 });
    log.warn('holding work back', { target: 'CouchDB a:1' });
    return String(stream.read() ?? '');
  }

  it('writes one JSON text a line', () => {
    const lines = logged('json').trim().split('\n');
    const [first, second] = lines.map((line) => JSON.parse(line));
    expect(first).to.include({ level: 'info', message: 'worker started', worker: 'w1', concurrency: 4 });
    expect(first.timestamp).to.match(/^\d{4}-.*Z$/);
    expect(second).to.include({ level: 'warn', target: 'CouchDB a:1' });
  });

  it('writes lines for people, with fields that can be told apart', () => {
    const [first, second] = logged('text').split('\n');
    expect(first).to.match(/^\S+Z info {2}worker started worker=w1 concurrency=4$/);
    expect(second).to.match(/ warn {2}holding work back target="CouchDB a:1"$/);
  });

  it('leaves out what is below its level', () => {
    expect(logged('text', 'warn')).not.to.include('worker started');
  });

  it('lets nothing of others steer the terminal', () => {
    const stream = new PassThrough();
    openLog({ format: 'text', level: 'info', stream }).warn('failed', { error: '\u001b[2J\u009b1A\n' });
    expect(String(stream.read())).to.match(/^\S+ warn {2}failed error="[ -~]*"\n$/);
  });
});
