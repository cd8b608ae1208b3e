import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/check-references.mjs', import.meta.url));

// Put together, so that the check does not take what is written here for references of this file.
const SIGN = '\u00a7';
const doc = (name: string) => `${name}.${'md'}`;
const DATA = doc('docs/data');

const PAGE = `# Data

## 1. Names

### 1.2 Prefixes

## 8. Traps

1. The first.
2. The second.
`;

describe('the check of references', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('references');
    await write(DATA, PAGE);
  });

  afterEach(() => directory.remove());

  async function write(file: string, text: string): Promise<void> {
    const path = join(directory.path, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  /** What is said of that file, a line each; empty when all is well. */
  async function problemsOf(file: string, text: string): Promise<string[]> {
    await write(file, text);
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, directory.path], {
      encoding: 'utf8',
    });
    const lines = stderr.split('\n').filter((line) => line !== '');
    expect(status, stdout + stderr).to.equal(lines.length > 0 ? 1 : 0);
    return lines;
  }

  it('is content with documents, sections and traps that are there', async () => {
    const text = `/** A name (\`${DATA}\` ${SIGN}1.2, ${SIGN}8 trap 2; see ${DATA}). */\nexport const a = 1;\n`;
    expect(await problemsOf('src/a.ts', text)).to.deep.equal([]);
  });

  it('says how many there are', async () => {
    await write('src/a.ts', `// \`${DATA}\` ${SIGN}1, ${SIGN}8 traps 1 and 2\n`);
    const { stdout } = spawnSync(process.execPath, [SCRIPT, directory.path], { encoding: 'utf8' });
    expect(stdout).to.equal('All 5 references lead somewhere.\n');
  });

  it('refuses a document that is not there, with file and line', async () => {
    const text = `export const a = 1;\n/** See \`${doc('docs/gone')}\`. */\nexport const b = 2;\n`;
    expect(await problemsOf('src/a.ts', text)).to.deep.equal([`src/a.ts:2: there is no ${doc('docs/gone')}`]);
  });

  it('refuses a document that is named without its folder', async () => {
    expect(await problemsOf('src/a.ts', `// \`${doc('data')}\` ${SIGN}1\n`)).to.deep.equal([
      `src/a.ts:1: there is no ${doc('data')}`,
    ]);
  });

  it('refuses a section that the document does not have', async () => {
    expect(await problemsOf('src/a.ts', `// \`${DATA}\` ${SIGN}1.3\n`)).to.deep.equal([
      `src/a.ts:1: ${DATA} has no section 1.3`,
    ]);
  });

  it('refuses a further section of the same document', async () => {
    expect(await problemsOf('test/a.test.ts', `// \`${DATA}\` ${SIGN}1.2, ${SIGN}9\n`)).to.deep.equal([
      `test/a.test.ts:1: ${DATA} has no section 9`,
    ]);
  });

  it('refuses a trap that the document does not have', async () => {
    expect(await problemsOf('src/a.ts', `// \`${DATA}\` ${SIGN}8 traps 2, 3\n`)).to.deep.equal([
      `src/a.ts:1: ${DATA} has no trap 3`,
    ]);
  });

  it('refuses a section without its document', async () => {
    expect(await problemsOf('bench/a.ts', `/** As in the design ${SIGN}3. */\n`)).to.deep.equal([
      'bench/a.ts:1: section 3 of which document?',
    ]);
  });

  it('does not take the document of another comment for that of a section', async () => {
    const text = `/** \`${DATA}\` ${SIGN}1 */\nexport const a = 1;\n/** ${SIGN}1 */\nexport const b = 2;\n`;
    expect(await problemsOf('src/a.ts', text)).to.deep.equal(['src/a.ts:3: section 1 of which document?']);
  });

  it('reads a reference that is broken over the lines of a comment', async () => {
    const text = `/**\n * What is written (\`${DATA}\`\n * ${SIGN}1,\n * ${SIGN}7).\n */\nexport const a = 1;\n`;
    expect(await problemsOf('src/a.ts', text)).to.deep.equal([`src/a.ts:4: ${DATA} has no section 7`]);
  });

  it('looks into strings', async () => {
    expect(await problemsOf('src/a.ts', `it('does as ${DATA} ${SIGN}5 says');\n`)).to.deep.equal([
      `src/a.ts:1: ${DATA} has no section 5`,
    ]);
  });

  it('looks into the comments of a configuration', async () => {
    expect(await problemsOf('redis.conf', `# Durable (\`${DATA}\` ${SIGN}4).\n`)).to.deep.equal([
      `redis.conf:1: ${DATA} has no section 4`,
    ]);
  });

  it('leaves sections of standards and documents of others alone', async () => {
    const text = `// RFC 9562 ${SIGN}5.7, https://example.org/${doc('there')}\n`;
    expect(await problemsOf('src/a.ts', text)).to.deep.equal([]);
  });

  it('takes a bare section of a page for one of its own', async () => {
    const text = `## 2. Here\n\nSee ${SIGN}2, and \`${DATA}\` ${SIGN}1.2. But ${SIGN}1.2 is not here.\n`;
    expect(await problemsOf(doc('docs/more'), text)).to.deep.equal([
      `${doc('docs/more')}:3: ${doc('docs/more')} has no section 1.2`,
    ]);
  });

  it('refuses a link to a file that is not there', async () => {
    expect(await problemsOf(doc('README'), `[data](${DATA}), [gone](src/gone.ts)\n`)).to.deep.equal([
      `${doc('README')}:1: there is no src/gone.ts`,
    ]);
  });

  it('refuses a link to a heading that is not there', async () => {
    const text = `[traps](${DATA}#8-traps)\n[gone](${DATA}#9-gone)\n`;
    expect(await problemsOf(doc('README'), text)).to.deep.equal([
      `${doc('README')}:2: ${DATA} has no heading #9-gone`,
    ]);
  });

  it('refuses a number that two sections have', async () => {
    expect(await problemsOf(doc('docs/more'), '## 1. One\n\n## 1. Another\n')).to.deep.equal([
      `${doc('docs/more')}:3: section 1 is there twice`,
    ]);
  });

  it('passes over examples in fences', async () => {
    const text = `\`\`\`\n## 1. None\n${doc('gone')} ${SIGN}9\n\`\`\`\n`;
    expect(await problemsOf(doc('docs/more'), text)).to.deep.equal([]);
  });
});
