import { flac, gif, heic, jpeg, mp3, png } from '../support/media-samples.ts';
import type { SkeletonContents } from '../support/skeletons.ts';

const ORIENTATION = 0x0112;
const DATE = 0x0132;
const DATE_ORIGINAL = 0x9003;
const OFFSET_ORIGINAL = 0x9011;
const FLASH = 0x9209;
const LATITUDE_REF = 1;
const LATITUDE = 2;
const LONGITUDE_REF = 3;
const LONGITUDE = 4;

/**
 * The skeleton that was uploaded to a real stack for `skeleton.json`: files of all classes, in two languages, with all that
 * a stack looks into.
 */
export const GOLDEN_SKELETON: SkeletonContents = {
  'common/Read me.txt': 'Welcome to your Cozy.\n',
  'common/empty.txt': '',
  'common/no extension': 'text',
  'common/UPPER.TXT': 'SHOUTED',
  'common/two.dots.tar.gz': Buffer.from([0x1f, 0x8b, 8, 0]),
  'common/Cozy.url': '[InternetShortcut]\r\nURL=https://cozy.io/en/\r\n',
  'common/broken.url': 'https://cozy.io/',
  'common/data.json': '{"a":1}',
  'common/table.csv': 'a;b\n1;2\n',
  'common/page.html': '<p>hello</p>',
  'common/style.css': 'p{}',
  'common/notes.markdown': '# Notes\n',
  'common/vector.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'common/book.epub': 'PK',
  'common/clip.mp4': 'ftyp',
  'common/strange.zzz9': 'unknown',
  'common/日本語 フォルダ/ファイル.txt': 'こんにちは',
  'common/Ünïcødé & <signs> "quoted" \'too\' %41 #1?.txt': 'signs',
  'common/emoji 🎉/🎈.txt': 'party',
  'common/deep/er/and/deeper/end.txt': 'the end',
  'common/only a folder/': '',
  'common/Administrative/Contract.pdf': '%PDF-1.4\n',
  'common/Administrative/Bills/2026.ods': 'PK',
  'common/Photos/plain.png': png(3, 5),
  'common/Photos/anim.gif': gif(300, 200),
  'common/Photos/no exif.jpg': jpeg(640, 480),
  'common/Photos/cut.jpg': Buffer.from([0xff, 0xd8, 0xff]),
  'common/Photos/named wrongly.png': jpeg(12, 34),
  'common/Photos/picture.webp': 'RIFF',
  'common/Photos/dated.jpg': jpeg(800, 600, {
    main: [[ORIENTATION, 'short', 6]],
    exif: [
      [DATE_ORIGINAL, 'ascii', '2019:06:02 14:03:04'],
      [OFFSET_ORIGINAL, 'ascii', '+02:00'],
      [FLASH, 'short', 16],
    ],
  }),
  'common/Photos/placed.jpg': jpeg(10, 20, {
    main: [[DATE, 'ascii', '2020:01:02 03:04:05']],
    exif: [[OFFSET_ORIGINAL, 'ascii', '-05:30']],
    gps: [
      [LATITUDE_REF, 'ascii', 'S'],
      [
        LATITUDE,
        'rationals',
        [
          [33, 1],
          [51, 1],
          [3540, 100],
        ],
      ],
      [LONGITUDE_REF, 'ascii', 'E'],
      [
        LONGITUDE,
        'rationals',
        [
          [151, 1],
          [12, 1],
          [0, 1],
        ],
      ],
    ],
  }),
  'common/Photos/clock never set.jpg': jpeg(7, 7, {
    exif: [
      [DATE_ORIGINAL, 'ascii', '1980:01:01 00:00:00'],
      [OFFSET_ORIGINAL, 'ascii', '+00:00'],
    ],
  }),
  'common/Photos/future.jpg': jpeg(7, 7, {
    exif: [
      [DATE_ORIGINAL, 'ascii', '2099:01:01 00:00:00'],
      [OFFSET_ORIGINAL, 'ascii', '+00:00'],
    ],
  }),
  'common/Photos/phone.heic': heic({
    exif: [
      [DATE_ORIGINAL, 'ascii', '2021:03:04 05:06:07'],
      [OFFSET_ORIGINAL, 'ascii', '+01:00'],
    ],
  }),
  'common/Photos/Backed up from my mobile/first.jpg': jpeg(1, 1),
  'common/Music/three.mp3': mp3(3, {
    TIT2: 'Étude',
    TPE1: 'Zoé',
    TALB: 'Album',
    TYER: '1999',
    TRCK: '3/12',
    TCON: 'Jazz',
    TCOM: 'C.',
  }),
  'common/Music/four.mp3': mp3(4, { TIT2: 'Title', TPE1: 'Artist', TDRC: '2004', TRCK: '7' }),
  'common/Music/silent.flac': flac({
    TITLE: 'Silence',
    ARTIST: 'Nobody',
    DATE: '2001',
    TRACKNUMBER: '4',
    GENRE: 'Ambient',
  }),
  'common/Music/untagged.mp3': Buffer.alloc(417, 1),
  'fr/Lisez-moi.txt': 'Bienvenue.\n',
  'fr/Administratif/Impôts.odt': 'PK',
  'fr/Photos/Été.jpg': jpeg(2, 2),
  'fr/notes.markdown': '# Notes en français\n',
  'en/Photos/Summer.jpg': jpeg(2, 3),
  'en/notes.markdown': '# Notes in English\n',
};
