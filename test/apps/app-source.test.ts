import { expect } from 'chai';
import { parseSource } from '../../src/apps/app-source.ts';
import { inputErrorOf } from '../config/input-error.ts';

const SHA256 = 'ab'.repeat(32);

describe('the source of an application', () => {
  const good: readonly [string, object][] = [
    ['drive', { kind: 'registry', text: 'registry://drive/stable', slug: 'drive', channel: 'stable' }],
    ['registry://drive', { kind: 'registry', text: 'registry://drive', slug: 'drive', channel: 'stable' }],
    [
      'registry://drive/beta',
      { kind: 'registry', text: 'registry://drive/beta', slug: 'drive', channel: 'beta' },
    ],
    [
      'registry://drive/1.2.3',
      {
        kind: 'registry',
        text: 'registry://drive/1.2.3',
        slug: 'drive',
        channel: 'stable',
        version: '1.2.3',
      },
    ],
    [
      'registry://drive/dev/1.2.3-dev.abc',
      {
        kind: 'registry',
        text: 'registry://drive/dev/1.2.3-dev.abc',
        slug: 'drive',
        channel: 'dev',
        version: '1.2.3-dev.abc',
      },
    ],
    [
      'registry://drive/beta/latest',
      { kind: 'registry', text: 'registry://drive/beta/latest', slug: 'drive', channel: 'beta' },
    ],
    [
      'https://h.example.org/a.tar.gz',
      { kind: 'http', text: 'https://h.example.org/a.tar.gz', url: 'https://h.example.org/a.tar.gz' },
    ],
    [
      `http://h/a.tar#${SHA256.toUpperCase()}`,
      { kind: 'http', text: `http://h/a.tar#${SHA256.toUpperCase()}`, url: 'http://h/a.tar', sha256: SHA256 },
    ],
    ['file:///srv/my%20app', { kind: 'file', text: 'file:///srv/my%20app', path: '/srv/my app' }],
    ['git://h/app.git', { kind: 'git', text: 'git://h/app.git', protocol: 'git', url: 'git://h/app.git' }],
    [
      'git+https://h/app.git#build',
      {
        kind: 'git',
        text: 'git+https://h/app.git#build',
        protocol: 'https',
        url: 'https://h/app.git',
        ref: 'build',
      },
    ],
    [
      'git+ssh://git@h/app.git',
      { kind: 'git', text: 'git+ssh://git@h/app.git', protocol: 'ssh', url: 'ssh://git@h/app.git' },
    ],
  ];

  for (const [text, source] of good) {
    it(`is read from ${text}`, () => {
      expect(parseSource(text)).to.deep.equal(source);
    });
  }

  for (const [text, kept] of [
    ['registry://drive/', 'registry://drive'],
    ['registry://drive/beta//', 'registry://drive/beta'],
    ['registry://drive/1.2.3/', 'registry://drive/1.2.3'],
    ['registry://drive/dev/1.2.3/', 'registry://drive/dev/1.2.3'],
  ] as const) {
    it(`is ${kept} also where ${text} was typed, which a stack reads otherwise`, () => {
      expect(parseSource(text)).to.deep.equal(parseSource(kept));
    });
  }

  const bad = [
    '',
    'a/b',
    'Drive',
    '../drive',
    'registry://',
    'registry://Drive',
    'registry://drive/../../x',
    'registry://drive/stable/1.0.0/x',
    'registry://drive/stable/../1',
    'ftp://h/a.tar.gz',
    'https://h/a.zip',
    'https://h/a.tar.gz#nohash',
    'https://',
    'file://host/app',
    'file:///',
    'file:///a%00b',
    'git://h',
    'git://h/app#--upload-pack=x',
    'git+ssh://-oProxyCommand=x/app',
    'git+ssh://git@h/app#a..b',
    'https://h/a.tar.gz?',
  ];

  for (const text of bad) {
    it(`is not read from ${JSON.stringify(text)}`, () => {
      expect(inputErrorOf(() => parseSource(text)).code).to.equal('app_source');
    });
  }

  it('is not read with a query, for it would be kept in documents', () => {
    const { message, advice } = inputErrorOf(() => parseSource('https://h/a.tar.gz?token=x'));
    expect(message).to.include('must not hold a query');
    expect(advice).to.include('documents');
  });

  for (const text of [
    'https://user:s3cret@h/a.tar.gz',
    'https://s3cret@h/a.tar.gz',
    'git+https://s3cret@h/app.git',
    'git+ssh://git:s3cret@h/app.git',
    'https://h/a.zip?token=s3cret',
    'https://h/a.tar.gz?token=s3cret',
    `https://h/a.tar.gz?s3cret#${SHA256}`,
    'git://h/app.git?token=s3cret',
    'git+https://h/app.git?token=s3cret#main',
    'git+ssh://git@h/app.git?s3cret',
  ]) {
    it(`never shows the secret in ${text}`, () => {
      const { message, advice } = inputErrorOf(() => parseSource(text));
      expect(`${message} ${advice}`).not.to.include('s3cret');
    });
  }

  it('is refused where it is longer than any, and not repeated', () => {
    const { message } = inputErrorOf(() => parseSource(`registry://${'/'.repeat(200_000)}a`));
    expect(message).to.equal('the source of an application has more than 2048 characters');
  });

  for (const hidden of ['\n', '\t', '\u001b', '\u009b', '\u202e', '\u200b', '\ud800']) {
    it(`is refused with ${JSON.stringify(hidden)} in it, which documents would keep`, () => {
      const { message } = inputErrorOf(() => parseSource(`https://host/a${hidden}b.tar.gz`));
      expect(message).to.equal('the source of an application holds a character that is not seen');
    });
  }
});
