import { expect } from 'chai';
import { imageSize } from '../../../src/skeleton/media/image-size.ts';
import { mediaFacts } from '../../../src/skeleton/media/media-facts.ts';
import { type exifTiff, flac, gif, heic, jpeg, mp3, png } from '../../support/media-samples.ts';

const DATE_ORIGINAL = 0x9003;
const OFFSET = 0x9010;
const TIME_ZONE = 0x882a;

describe('the size of a picture', () => {
  for (const [what, content, size] of [
    ['a PNG', png(3, 5), { width: 3, height: 5 }],
    ['a GIF', gif(300, 200), { width: 300, height: 200 }],
    ['a JPEG', jpeg(640, 480), { width: 640, height: 480 }],
    [
      'a JPEG with EXIF data before it',
      jpeg(1, 2, { exif: [[DATE_ORIGINAL, 'ascii', 'x']] }),
      { width: 1, height: 2 },
    ],
  ] as const) {
    it(`is read from ${what}`, () => {
      expect(imageSize(content)).to.deep.equal(size);
    });
  }

  it('is unknown wherever a picture is cut before it', () => {
    for (const whole of [png(3, 5), gif(300, 200), jpeg(640, 480)]) {
      for (let length = 0; length < 13; length += 1) {
        expect(imageSize(whole.subarray(0, length)), `${length}`).to.equal(undefined);
      }
    }
  });

  it('is unknown of a JPEG that ends before its picture', () => {
    const whole = jpeg(640, 480);
    expect(imageSize(whole.subarray(0, whole.indexOf(Buffer.from([0xff, 0xda]))))).to.equal(undefined);
  });

  it('is never read beyond the end, whatever the file says', () => {
    const nonsense = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 0xff, 0xc0, 0, 2]);
    expect(imageSize(nonsense)).to.equal(undefined);
  });
});

describe('what the content of a file says', () => {
  const takenAt = async (tags: Parameters<typeof exifTiff>[0]) => {
    const facts = await mediaFacts('image/jpeg', jpeg(1, 1, tags));
    return facts?.kind === 'image' ? facts.exif?.takenAt : undefined;
  };

  it('is a moment where EXIF data has an offset', async () => {
    const tags = {
      exif: [
        [DATE_ORIGINAL, 'ascii', '2019:06:02 14:03:04'],
        [OFFSET, 'ascii', '+02:00'],
      ],
    } as const;
    expect(await takenAt(tags)).to.equal('2019-06-02T12:03:04.000Z');
  });

  it('is a moment where EXIF data has the hours of a zone', async () => {
    const tags = {
      exif: [
        [DATE_ORIGINAL, 'ascii', '2019:06:02 14:03:04'],
        [TIME_ZONE, 'short', 2],
      ],
    } as const;
    expect(await takenAt(tags)).to.equal('2019-06-02T12:03:04.000Z');
  });

  it('is a moment of this machine’s zone where it has none', async () => {
    const tags = { exif: [[DATE_ORIGINAL, 'ascii', '2019:06:02 14:03:04']] } as const;
    expect(await takenAt(tags)).to.equal(new Date(2019, 5, 2, 14, 3, 4).toISOString());
  });

  for (const text of ['0000:00:00 00:00:00', '2019:13:02 14:03:04', '2019-06-02', '']) {
    it(`is no moment where the date is ${JSON.stringify(text)}`, async () => {
      expect(await takenAt({ exif: [[DATE_ORIGINAL, 'ascii', text]] })).to.equal(undefined);
    });
  }

  it('is nothing more of a picture whose EXIF data is nonsense', async () => {
    const broken = jpeg(4, 3, { exif: [[DATE_ORIGINAL, 'ascii', '2019:06:02 14:03:04']] });
    broken.fill(0xff, 14, 40);
    expect(await mediaFacts('image/jpeg', broken)).to.deep.include({
      kind: 'image',
      size: { width: 4, height: 3 },
    });
  });

  it('is a moment of a HEIF picture, and no size', async () => {
    const tags = {
      exif: [
        [DATE_ORIGINAL, 'ascii', '2021:03:04 05:06:07'],
        [OFFSET, 'ascii', '+01:00'],
      ],
    } as const;
    expect(await mediaFacts('image/heif', heic(tags))).to.deep.equal({
      kind: 'heif',
      exif: { takenAt: '2021-03-04T04:06:07.000Z' },
    });
  });

  it('are the tags of a song', async () => {
    const tags = { TIT2: 'Étude', TPE1: 'Zoé', TYER: '1999', TRCK: '3/12' };
    expect(await mediaFacts('audio/mpeg', mp3(3, tags))).to.deep.equal({
      kind: 'audio',
      tags: { title: 'Étude', artist: 'Zoé', year: 1999, track: 3 },
    });
  });

  it('has the performer for the composer where a FLAC names no composer, as a stack has', async () => {
    const facts = await mediaFacts('audio/flac', flac({ ARTIST: 'A', PERFORMER: 'P' }));
    expect(facts).to.deep.equal({ kind: 'audio', tags: { artist: 'A', composer: 'P' } });
  });

  it('are no tags where nothing can be read', async () => {
    expect(await mediaFacts('audio/ogg', Buffer.from('nonsense'))).to.deep.equal({ kind: 'audio', tags: {} });
  });

  for (const [what, text, url] of [
    [
      'with line ends of Windows',
      '[InternetShortcut]\r\nURL=https://a.example/?b=c\r\n',
      'https://a.example/?b=c',
    ],
    ['with line ends of Unix', '[InternetShortcut]\nIDList=\nURL=https://a.example/\n', 'https://a.example/'],
  ] as const) {
    it(`is where a shortcut leads ${what}`, async () => {
      expect(await mediaFacts('application/internet-shortcut', Buffer.from(text))).to.deep.equal({
        kind: 'shortcut',
        url,
      });
    });
  }

  it('is nothing of a shortcut that begins otherwise', async () => {
    expect(
      await mediaFacts('application/internet-shortcut', Buffer.from('URL=https://a.example/\n')),
    ).to.deep.equal({
      kind: 'shortcut',
    });
  });

  it('is not looked for in files of other types', async () => {
    expect(await mediaFacts('image/webp', png(1, 1))).to.equal(undefined);
    expect(await mediaFacts('audio/mp4', Buffer.alloc(0))).to.equal(undefined);
  });
});
