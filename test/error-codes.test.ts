import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { EXIT } from '../src/cli/terminal/exit-codes.ts';
import { ERROR_CODES, isErrorCode } from '../src/error-codes.ts';

const DOCUMENT = 'docs/errors.md';

describe('the codes of errors', () => {
  it(`are those of ${DOCUMENT}`, () => {
    const rows = readFileSync(DOCUMENT, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows).to.deep.equal(
      ERROR_CODES.map(({ code, exitCode, meaning }) => `| \`${code}\` | ${exitCode} | ${meaning} |`),
    );
  });

  it('are each listed once, with a sentence', () => {
    expect(new Set(ERROR_CODES.map(({ code }) => code)).size).to.equal(ERROR_CODES.length);
    for (const { code, meaning } of ERROR_CODES) expect(meaning, code).to.match(/^\S.*\.$/);
  });

  it('end a command with their exit code, wherever they are thrown', () => {
    const exits = new Map(ERROR_CODES.map(({ code, exitCode }) => [code, exitCode]));
    for (const { kind, code, file } of thrownCodes()) {
      const exitCode = exits.get(code);
      if (kind === 'InputError') expect(exitCode, `${code} in ${file}`).to.equal(EXIT.usage);
      else expect(exitCode, `${code} in ${file}`).not.to.equal(EXIT.usage);
    }
    expect(exits.get('interrupted')).to.equal(EXIT.interrupted);
  });

  it('are known by their text, those of the statuses of CouchDB too', () => {
    for (const code of ['taken', 'bad_value', 'couchdb_409']) expect(isErrorCode(code), code).to.equal(true);
    for (const text of ['', 'Taken', 'couchdb_', 'couchdb_x', 'couchdb_<status>', 'toString']) {
      expect(isErrorCode(text), text).to.equal(false);
    }
  });
});

/** What sources say about the errors that they make. */
function thrownCodes(): { readonly kind: string; readonly code: string; readonly file: string }[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.flatMap((file) => {
    const source = readFileSync(join('src', file), 'utf8');
    const made = source.matchAll(/new (FleetError|PassingError|InputError|Refusal|AppError)\(\s*'(\w+)'/g);
    return [...made].map(([, kind = '', code = '']) => ({ kind, code, file }));
  });
}
