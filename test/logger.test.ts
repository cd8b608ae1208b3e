import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { FleetError } from '../src/errors.ts';
import { type Log, type LogLine, openLog } from '../src/logger.ts';
import { capturingLog } from './support/test-log.ts';

describe('openLog', () => {
  function logged(format: 'json' | 'text', level: 'info' | 'warn' = 'info'): string {
    const stream = new PassThrough();
    const log = openLog({ format, level, stream });
    log.info('worker started', { worker: 'w1', concurrency: 4 });
    log.warn('holding work back', { target: 'CouchDB a:1' });
    return String(stream.read() ?? '');
  }

  function linesOf(write: (log: Log) => void, secrets: readonly string[] = []): Record<string, unknown>[] {
    const lines: string[] = [];
    write(capturingLog(lines, secrets));
    return lines.map((line) => JSON.parse(line));
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
    openLog({ format: 'text', level: 'info', stream }).warn('failed', { reason: '\u001b[2J\u009b1A\n' });
    expect(String(stream.read())).to.match(/^\S+ warn {2}failed reason="[ -~]*"\n$/);
  });

  it('tells the fields of a child with each of its lines, as they are by then', () => {
    let stage = 'register';
    const lines = linesOf((log) => {
      const child = log.child({ job: 'j1' }).child(() => ({ stage }));
      child.info('first');
      stage = 'finish';
      child.info('second', { ms: 3 });
    });
    expect(lines[0]).to.include({ message: 'first', job: 'j1', stage: 'register' });
    expect(lines[1]).to.include({ message: 'second', job: 'j1', stage: 'finish', ms: 3 });
  });

  it('tells a listener lines that are below the level, too', () => {
    const heard: LogLine[] = [];
    const stream = new PassThrough();
    const log = openLog({ format: 'json', level: 'error', stream }).child({ job: 'j1' }, (line) => {
      heard.push(line);
    });
    log.info('job done', { outcome: 'created' });
    expect(heard).to.deep.equal([
      { level: 'info', message: 'job done', fields: { job: 'j1', outcome: 'created' } },
    ]);
    expect(stream.read()).to.equal(null);
  });

  it('tells a listener lines of its levels alone, and asks nothing for others that are not written', () => {
    const heard: string[] = [];
    let asked = 0;
    const context = () => {
      asked += 1;
      return {};
    };
    const log = openLog({ format: 'json', level: 'error', stream: new PassThrough() });
    const child = log.child(context, ({ level }) => heard.push(level), ['warn', 'info']);
    child.debug('stage done');
    child.info('job done');
    expect(heard).to.deep.equal(['info']);
    expect(asked).to.equal(1);
  });

  it('writes a line whose level its listener leaves out', () => {
    const stream = new PassThrough();
    const log = openLog({ format: 'json', level: 'debug', stream });
    log.child({ job: 'j1' }, () => undefined, ['info']).debug('stage done');
    expect(JSON.parse(String(stream.read()))).to.include({ level: 'debug', job: 'j1' });
  });

  it('has no field but those that are listed, and no other type', () => {
    const strange = {
      passphrase: 'hush',
      domain: 'a.example',
      ms: Number.NaN,
      job: { toString: () => 'hush' },
    };
    const [line] = linesOf((log) => log.info('strange', Object(strange)));
    expect(line).to.have.all.keys('timestamp', 'level', 'message', 'domain');
  });

  it('tells our errors by code and text, and no cause', () => {
    const error = new FleetError('couchdb', 'CouchDB said no', 'advice', { cause: new Error('hush') });
    const [line] = linesOf((log) => log.warn('failed', { error }));
    expect(line).to.include({ code: 'couchdb', error: 'CouchDB said no' });
    expect(JSON.stringify(line)).not.to.include('hush');
  });

  it('tells of errors of the language and of libraries the name and the place alone', () => {
    const errors = [() => JSON.parse('hush'), () => new URL('hush'), () => Object('text').hush()];
    for (const make of errors) {
      const [line] = linesOf((log) => {
        try {
          make();
        } catch (error) {
          log.error('internal error', { error });
        }
      });
      expect(line?.['error']).to.match(/^(Syntax|Type|Range)Error, whose text is not told$/);
      expect(line?.['at']).to.match(/^at .*logger\.test/);
      expect(String(line?.['error'])).not.to.include('hush');
    }
  });

  it('tells what Redis refused without the arguments that it repeats', () => {
    const error = new Error("ERR unknown command 'AUTH', with args beginning with: 'user' 'hush'");
    error.name = 'ReplyError';
    const [line] = linesOf((log) => log.warn('worker', { error }));
    expect(line).to.include({ error: "ERR unknown command 'AUTH'" });
  });

  it('masks what it was told to be secret, wherever others have put it', () => {
    const lines = linesOf(
      (log) => {
        log.warn('failed', { reason: 'the server said: user s3cr3t/word?' });
        log.warn('failed', { error: new Error('s3cr3t/word'), target: 's3cr3t/word' });
      },
      ['s3cr3t/word', 'a'],
    );
    expect(lines[0]?.['reason']).to.equal('the server said: user [masked]?');
    expect(JSON.stringify(lines)).not.to.include('s3cr3t');
  });
});
