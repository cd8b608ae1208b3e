import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { shellQuoted, shellWord } from '../src/shell-quoted.ts';
import { type TemporaryDirectory, temporaryDirectory } from './support/temporary-directory.ts';

const NASTY = [
  "q'uote;touch pwned;'x",
  '$(touch pwned)',
  '`touch pwned`',
  '"$HOME"',
  'two\nlines\ntouch pwned',
  "'",
  "''",
  '\\',
  "\\'; touch pwned #",
  '-n',
  '~',
  '*',
  ' ',
  '',
  'été\u202e',
];

describe('a text for a shell', () => {
  let directory: TemporaryDirectory;

  before(async () => {
    directory = await temporaryDirectory('shell');
  });

  after(() => directory.remove());

  for (const shell of ['sh', 'bash']) {
    for (const text of NASTY) {
      it(`means itself to ${shell}, and nothing runs: ${JSON.stringify(text)}`, () => {
        const file = join(directory.path, 'env.sh');
        for (const word of [shellQuoted(text), shellWord(text)]) {
          writeFileSync(file, `export VALUE=${word}\n`);
          const script = `. ./env.sh; printf '%s|' "$VALUE"; ls`;
          const printed = execFileSync(shell, ['-c', script], { cwd: directory.path }).toString();
          if (text !== '' || word === "''") expect(printed).to.equal(`${text}|env.sh\n`);
        }
      });
    }
  }

  it('stays as it is for a person where that is safe', () => {
    expect(shellWord('./a/b-c_1.sh')).to.equal('./a/b-c_1.sh');
    expect(shellWord('a b')).to.equal("'a b'");
  });
});
