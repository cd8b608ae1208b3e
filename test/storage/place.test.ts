import { basename, dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { UnsafePath } from '../../src/storage/errors.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { directoryName, namesOnPath } from '../../src/storage/place.ts';
import { snapshot } from '../support/snapshot.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { furnish, HOLDINGS, operations } from './operations.ts';

/** As a document may have them, whatever its type says. */
function untyped(json: string): string {
  const { domain }: { domain: string } = JSON.parse(`{"domain":${json}}`);
  return domain;
}

const UNSAFE: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a number', untyped('42')],
  ['null', untyped('null')],
  ['a list', untyped('["bob.example"]')],
  ['an object', untyped('{"length":3}')],
  ['the root itself', '.'],
  ['the directory above', '..'],
  ['a slash at the end', 'bob.example/'],
  ['slashes at the end', 'bob.example//'],
  ['a slash in front', '/bob.example'],
  ['a dot at the end of a path', 'bob.example/.'],
  ['a dot at the begin of a path', './bob.example'],
  ['a way out and in again', '../root/bob.example'],
  ['a way through another', 'alice.example/../bob.example'],
  ['a directory of another', 'bob.example/Photos'],
  ['another storage', '../storage-other/mallory'],
  ['an empty directory outside', '../outside/emptydir'],
  ['a long way up', `${'../'.repeat(40)}tmp`],
  ['an absolute path', '/tmp'],
  ['a backslash', '..\\storage-other\\mallory'],
  ['a NUL', 'bob.example\0'],
  ['a NUL and more', 'bob.example\0.example'],
  ['a line break', 'bob.example\n'],
  ['a tab', 'bob\t.example'],
  ['a delete', 'bob.example\x7f'],
  ['a C1 control', 'bob.example\x9b'],
  ['half a character', 'bob\ud800.example'],
  ['the other half of one', '\udc00bob.example'],
  ['a long name', `${'a'.repeat(250)}.example`],
  ['a name of few long characters', '\u{1f600}'.repeat(64)],
  ['a name of a million characters', 'a'.repeat(1_000_000)],
  ['the id of the fleet', '.cozy-fleet'],
  ['what is on its way out', '.cozy-fleet-removed-1'],
  ['a hidden directory', '.hidden'],
  ['the exports of the stack', 'exports'],
  ['the assets of the stack', 'dyn-assets'],
];

const UNSAFE_ON_WINDOWS = [
  ...[
    'bob.example.',
    'bob.example ',
    'con',
    'NUL',
    'aux.example',
    'com1',
    'LPT9.example.org',
    'prn .example',
  ],
  ...['alice.localhost:8080', 'COM\u00b9.x', 'conin$', 'a*', 'a?', 'a"b', 'a<b', 'a|b', 'bob~1.exa'],
];

/** Names of which some file systems take each for another one. */
const OTHER_FORMS = [
  ...['Bob.example', 'BOB.EXAMPLE', 'cafe\u0301.example', 'stra\u00dfe.example', '\u212aelvin.example'],
  ...[
    'bob.example.',
    'bob.example ',
    'bo\u00adb.example',
    'bob\u200d.example',
    '\ufb01re.example',
    'ı.example',
  ],
];

const SAFE = [
  ...[
    'alice.example',
    'alice.localhost:8080',
    'xn--caf-dma.example',
    'café.example',
    '日本.example',
    '127.0.0.1',
  ],
  ...['a b', 'a..b', 'a-', '-a', '~', '😀.example', 'constance.example', 'exports.example', 'a'.repeat(255)],
];

describe('the name of the directory of an instance', () => {
  const rules = { windows: false, folds: () => Promise.resolve(false) };
  const folding = { ...rules, folds: () => Promise.resolve(true) };
  const windows = { ...folding, windows: true };

  for (const domain of SAFE) {
    it(`is ${JSON.stringify(domain).slice(0, 30)} as it is, wherever it may be`, async () => {
      expect(await directoryName(domain, rules)).to.equal(domain);
      expect(await directoryName(domain, folding)).to.equal(domain);
    });
  }

  for (const domain of UNSAFE_ON_WINDOWS) {
    it(`is not ${JSON.stringify(domain)} on Windows`, async () => {
      expect(await thrownBy(directoryName(domain, windows))).to.be.instanceOf(UnsafePath);
    });
  }

  for (const domain of OTHER_FORMS) {
    it(`is ${JSON.stringify(domain)} only where that is no other name of another`, async () => {
      expect(await directoryName(domain, rules)).to.equal(domain);
      expect(await thrownBy(directoryName(domain, folding))).to.be.instanceOf(UnsafePath);
    });
  }

  it('is not asked of the file system where it has but one form', async () => {
    const folds = () => Promise.reject(new Error('asked'));
    expect(await directoryName('alice.example', { windows: false, folds })).to.equal('alice.example');
  });

  it('is exactly one entry of the root, whatever the domain is made of', async () => {
    const parts = [
      '..',
      '.',
      '/',
      '\\',
      '\0',
      '\n',
      ' ',
      'a',
      'bob.example',
      'é',
      '\ud800',
      'exports',
      '%2f',
      '／',
      ':',
    ];
    const root = resolve('/storage/root');
    let names = 0;
    for (const domain of combinations(parts, 4)) {
      const name = await directoryName(domain, rules).catch(() => undefined);
      if (name === undefined) continue;
      names += 1;
      expect([dirname(resolve(root, name)), basename(join(root, name))]).to.deep.equal([root, domain]);
    }
    expect(names).to.be.greaterThan(1000);
  });

  it('tells in one short sentence what is wrong, and what to do', async () => {
    const error = await thrownBy(directoryName('x/'.repeat(5000), rules));
    expect(error).to.have.property('code', 'unsafe_path');
    expect(error)
      .to.have.property('message')
      .that.matches(/^"x\/x\/.*slash in it$/)
      .and.has.length.below(200);
    expect(error).to.have.property('advice').that.includes('global/instances');
  });
});

describe('a path in the directory of an instance', () => {
  const names = (path: string) => namesOnPath('bob.example', path, { windows: false });

  const unsafe = [
    '',
    'Photos',
    './Photos',
    '/..',
    '/../alice.example',
    '/Photos/..',
    '/Photos/../../x',
    '/.',
  ];
  for (const path of [...unsafe, '/Photos/', '//', '/a//b', '/a\0', '/\ud800', `/${'a'.repeat(256)}`]) {
    it(`is not ${JSON.stringify(path).slice(0, 30)}`, () => {
      expect(() => names(path)).to.throw(UnsafePath, 'bob.example');
    });
  }

  it('is made of the names that its owner gave', () => {
    expect(names('/')).to.deep.equal([]);
    expect(names('/Photos/a\\b/\tcat ... .jpg')).to.deep.equal(['Photos', 'a\\b', '\tcat ... .jpg']);
  });
});

for (const holding of HOLDINGS) {
  describe(`a domain that names no place of the storage (by ${holding})`, () => {
    let directory: TemporaryDirectory;
    let places: Awaited<ReturnType<typeof furnish>>;

    beforeEach(async () => {
      directory = await temporaryDirectory('place');
      places = await furnish(directory.path);
    });

    afterEach(() => directory.remove());

    for (const [what, domain] of UNSAFE) {
      it(`is refused by all that is done, and nothing is touched: ${what}`, async () => {
        const storage = fileStorage(places.root, { holding });
        const before = await snapshot(directory.path);
        for (const [name, run] of Object.entries(operations(storage, places.from))) {
          expect(await thrownBy(run(domain)), name).to.be.instanceOf(UnsafePath);
        }
        expect(await storage.kindOf(domain)).to.equal('foreign');
        expect(await snapshot(directory.path)).to.deep.equal(before);
      });
    }

    for (const path of ['/../bob.example', '/..', 'Photos', '/Photos/../../bob.example/cat.jpg', '/a\0']) {
      it(`is what a path makes of one: ${JSON.stringify(path)}`, async () => {
        const done = operations(fileStorage(places.root, { holding }), places.from);
        const before = await snapshot(directory.path);
        for (const name of ['hasDirectory', 'makeDirectories', 'digest']) {
          expect(
            await thrownBy(done[name]?.('alice.example', path) ?? Promise.resolve()),
            name,
          ).to.be.instanceOf(UnsafePath);
        }
        expect(await snapshot(directory.path)).to.deep.equal(before);
      });
    }

    it('is one of another form on a file system that takes both for one', async () => {
      const storage = fileStorage(places.root, { holding, learn: () => Promise.resolve(true) });
      const before = await snapshot(directory.path);
      for (const [name, run] of Object.entries(operations(storage, places.from))) {
        expect(await thrownBy(run('BOB.example')), name).to.be.instanceOf(UnsafePath);
      }
      expect(await storage.kindOf('BOB.example')).to.equal('foreign');
      expect(await snapshot(directory.path)).to.deep.equal(before);
    });

    for (const tag of ['../x', 'a/b', '', '.', 'a'.repeat(300), 'A', 'a\0']) {
      it(`is not made by a tag either: ${JSON.stringify(tag).slice(0, 20)}`, async () => {
        const storage = fileStorage(places.root, { holding });
        const before = await snapshot(directory.path);
        expect(await thrownBy(storage.removeInstance('bob.example', tag))).to.include({ errno: 'EINVAL' });
        expect(await snapshot(directory.path)).to.deep.equal(before);
      });
    }
  });
}

describe('the file system of a storage', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('folding');
  });

  afterEach(() => directory.remove());

  it('is asked once whether it takes two names for one, and nothing is left of that', async () => {
    const storage = fileStorage(directory.path);
    await storage.hasFiles('alice.example');
    const before = await snapshot(directory.path);
    const outcomes = await Promise.all(['Bob.example', 'BOB.example'].map((each) => storage.kindOf(each)));
    expect(new Set(outcomes).size).to.equal(1);
    expect(await snapshot(directory.path)).to.deep.equal(before);
  });

  it('is asked again when it did not answer', async () => {
    const answers = [() => Promise.reject(new Error('away')), () => Promise.resolve(true)];
    const learn = () => answers.shift()?.() ?? Promise.resolve(false);
    const storage = fileStorage(directory.path, { learn });
    await thrownBy(storage.hasFiles('Bob.example'));
    expect(await thrownBy(storage.hasFiles('Bob.example'))).to.be.instanceOf(UnsafePath);
  });
});

/** All texts of at most so many of the parts. */
function* combinations(parts: readonly string[], most: number): Generator<string> {
  let texts = [''];
  for (let count = 0; count < most; count += 1) {
    texts = texts.flatMap((text) => parts.map((part) => `${text}${part}`));
    yield* texts;
  }
}
