import { deflateSync } from 'node:zlib';

/** A tag of EXIF data: its number, its type and its value; texts end with a NUL by themselves. */
export type ExifTag =
  | readonly [tag: number, type: 'ascii', value: string]
  | readonly [tag: number, type: 'short', value: number]
  | readonly [tag: number, type: 'long', value: number]
  | readonly [tag: number, type: 'rationals', value: readonly (readonly [number, number])[]];

/** EXIF data of a picture. */
export interface ExifSample {
  readonly main?: readonly ExifTag[];
  readonly exif?: readonly ExifTag[];
  readonly gps?: readonly ExifTag[];
}

const TYPE_NUMBERS = { ascii: 2, short: 3, long: 4, rationals: 5 } as const;

/** EXIF data as a TIFF file of the byte order of Motorola. */
export function exifTiff({ main = [], exif, gps }: ExifSample): Buffer {
  const pointers: ExifTag[] = [];
  const start = 8;
  const mainSize = directorySize(main.length + (exif ? 1 : 0) + (gps ? 1 : 0), main);
  const exifAt = start + mainSize;
  if (exif) pointers.push([0x8769, 'long', exifAt]);
  const gpsAt = exifAt + (exif ? directorySize(exif.length, exif) : 0);
  if (gps) pointers.push([0x8825, 'long', gpsAt]);
  return Buffer.concat([
    Buffer.from('MM\0*\0\0\0\x08', 'latin1'),
    directory(start, [...main, ...pointers]),
    ...(exif ? [directory(exifAt, exif)] : []),
    ...(gps ? [directory(gpsAt, gps)] : []),
  ]);
}

function encoded([, type, value]: ExifTag): { count: number; bytes: Buffer } {
  switch (type) {
    case 'ascii':
      return { count: value.length + 1, bytes: Buffer.from(`${value}\0`, 'latin1') };
    case 'short': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt16BE(value);
      return { count: 1, bytes };
    }
    case 'long': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return { count: 1, bytes };
    }
    case 'rationals': {
      const bytes = Buffer.alloc(8 * value.length);
      for (const [at, [numerator, denominator]] of value.entries()) {
        bytes.writeUInt32BE(numerator, 8 * at);
        bytes.writeUInt32BE(denominator, 8 * at + 4);
      }
      return { count: value.length, bytes };
    }
  }
}

/** Values of more than four bytes lie behind their directory, each at an even place. */
function spill({ bytes }: { bytes: Buffer }): number {
  return bytes.length > 4 ? bytes.length + (bytes.length % 2) : 0;
}

function directorySize(entries: number, tags: readonly ExifTag[]): number {
  return 2 + 12 * entries + 4 + tags.reduce((sum, tag) => sum + spill(encoded(tag)), 0);
}

function directory(at: number, tags: readonly ExifTag[]): Buffer {
  const fixed = Buffer.alloc(2 + 12 * tags.length + 4);
  fixed.writeUInt16BE(tags.length);
  const behind: Buffer[] = [];
  let next = at + fixed.length;
  for (const [nth, tag] of tags.entries()) {
    const value = encoded(tag);
    const place = 2 + 12 * nth;
    fixed.writeUInt16BE(tag[0], place);
    fixed.writeUInt16BE(TYPE_NUMBERS[tag[1]], place + 2);
    fixed.writeUInt32BE(value.count, place + 4);
    if (spill(value) === 0) value.bytes.copy(fixed, place + 8);
    else {
      fixed.writeUInt32BE(next, place + 8);
      behind.push(value.bytes, Buffer.alloc(spill(value) - value.bytes.length));
      next += spill(value);
    }
  }
  return Buffer.concat([fixed, ...behind]);
}

/** A JPEG up to the beginning of its picture: as far as anybody reads who wants to know its size. */
export function jpeg(width: number, height: number, sample?: ExifSample): Buffer {
  const frame = Buffer.from([8, 0, 0, 0, 0, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
  frame.writeUInt16BE(height, 1);
  frame.writeUInt16BE(width, 3);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...(sample ? [segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), exifTiff(sample)]))] : []),
    segment(0xdb, Buffer.concat([Buffer.from([0]), Buffer.alloc(64, 1)])),
    segment(0xc0, frame),
    segment(0xda, Buffer.from([3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0])),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function segment(marker: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}

/** A HEIF picture of which there is nothing but its EXIF data. */
export function heic(sample: ExifSample): Buffer {
  const item = Buffer.concat([Buffer.from([0, 0, 0, 6]), Buffer.from('Exif\0\0'), exifTiff(sample)]);
  const ftyp = box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'));
  const infe = fullBox(
    'infe',
    2,
    Buffer.concat([Buffer.from([0, 1, 0, 0]), Buffer.from('Exif\0', 'latin1')]),
  );
  const iinf = fullBox('iinf', 0, Buffer.concat([Buffer.from([0, 1]), infe]));
  const metaOf = (offset: number) => {
    const iloc = Buffer.alloc(2 + 2 + 2 + 2 + 2 + 4 + 4);
    iloc.writeUInt16BE(0x4400, 0);
    iloc.writeUInt16BE(1, 2);
    iloc.writeUInt16BE(1, 4);
    iloc.writeUInt16BE(0, 6);
    iloc.writeUInt16BE(1, 8);
    iloc.writeUInt32BE(offset, 10);
    iloc.writeUInt32BE(item.length, 14);
    const hdlr = fullBox('hdlr', 0, Buffer.from('\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0', 'latin1'));
    return fullBox('meta', 0, Buffer.concat([hdlr, iinf, fullBox('iloc', 0, iloc)]));
  };
  const offset = ftyp.length + metaOf(0).length + 8;
  return Buffer.concat([ftyp, metaOf(offset), box('mdat', item)]);
}

function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8, 0);
  head.writeUInt32BE(content.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}

function fullBox(type: string, version: number, content: Buffer): Buffer {
  return box(type, Buffer.concat([Buffer.from([version, 0, 0, 0]), content]));
}

/** A PNG of one grey, whole. */
export function png(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = deflateSync(Buffer.alloc((width + 1) * height));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** As PNG has it. */
function crc32(content: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of content) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A GIF of two colours without a picture. */
export function gif(width: number, height: number): Buffer {
  const head = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1');
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  return Buffer.concat([head, Buffer.from(';')]);
}

/** Frames of ID3 tags by their names. */
export type Frames = Readonly<Record<string, string>>;

/** An MP3 of silence with tags of version 2.3 or 2.4, in UTF-8 where that is allowed. */
export function mp3(version: 3 | 4, frames: Frames): Buffer {
  const tags = Object.entries(frames).map(([name, text]) => {
    const content =
      version === 4
        ? Buffer.concat([Buffer.from([3]), Buffer.from(text)])
        : Buffer.concat([Buffer.from([1, 0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    const head = Buffer.alloc(10);
    head.write(name, 0, 'latin1');
    head.writeUInt32BE(version === 4 ? syncSafe(content.length) : content.length, 4);
    return Buffer.concat([head, content]);
  });
  const body = Buffer.concat(tags);
  const head = Buffer.from([0x49, 0x44, 0x33, version, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(syncSafe(body.length), 6);
  return Buffer.concat([head, body, silence()]);
}

function syncSafe(value: number): number {
  return (value & 0x7f) | ((value & 0x3f80) << 1) | ((value & 0x1fc000) << 2);
}

/** Some frames of MPEG 1 layer III. */
function silence(): Buffer {
  const frame = Buffer.alloc(417);
  frame.writeUInt32BE(0xfffb9064);
  return Buffer.concat([frame, frame, frame, frame]);
}

/** A FLAC without sound, with comments. */
export function flac(comments: Frames): Buffer {
  const info = Buffer.alloc(34);
  info.writeUInt16BE(4096, 0);
  info.writeUInt16BE(4096, 2);
  info.writeUInt32BE(0x0ac440f0, 10);
  const text = vorbisComments(comments);
  return Buffer.concat([
    Buffer.from('fLaC'),
    Buffer.from([0, 0, 0, info.length]),
    info,
    Buffer.from([0x84, 0, text.length >> 8, text.length & 0xff]),
    text,
  ]);
}

function vorbisComments(comments: Frames): Buffer {
  const counted = (text: string) => {
    const content = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(content.length);
    return Buffer.concat([length, content]);
  };
  const lines = Object.entries(comments).map(([name, value]) => counted(`${name}=${value}`));
  const count = Buffer.alloc(4);
  count.writeUInt32LE(lines.length);
  return Buffer.concat([counted('cozy-fleet'), count, ...lines]);
}
