/** Width and height of a picture in pixels, as its file says them. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Markers of JPEG that stand alone, without a length behind them. */
const ALONE = new Set([0x01, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]);

const APP0 = 0xe0;
const SCAN = 0xda;
const END = 0xd9;

/** Markers of frames that a stack's decoder reads: baseline, extended and progressive. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2]);

/**
 * Reads the size out of a PNG, a GIF or a JPEG, by what the file is and not by its name, as a stack does; undefined for
 * anything else, and for a file that is cut before it.
 */
export function imageSize(content: Buffer): ImageSize | undefined {
  if (content.length >= 24 && content.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n') {
    return { width: content.readUInt32BE(16), height: content.readUInt32BE(20) };
  }
  if (content.length >= 13 && /^GIF8[79]a$/.test(content.toString('latin1', 0, 6))) {
    return { width: content.readUInt16LE(6), height: content.readUInt16LE(8) };
  }
  return content.length >= 2 && content.readUInt16BE(0) === 0xffd8 ? jpegSize(content) : undefined;
}

/**
 * As a stack's decoder, it believes the size once it knows what the colours are: after a JFIF header at the frame, else
 * where the picture itself begins.
 */
function jpegSize(content: Buffer): ImageSize | undefined {
  let at = 2;
  let isJfif = false;
  let size: ImageSize | undefined;
  while (at + 4 <= content.length) {
    const marker = content[at + 1] ?? 0;
    if (content[at] !== 0xff || marker === END) return undefined;
    if (marker === SCAN) return size;
    // Any number of fill bytes may come before a marker.
    if (marker === 0xff) at += 1;
    else if (ALONE.has(marker)) at += 2;
    else {
      const next = at + 2 + Math.max(2, content.readUInt16BE(at + 2));
      if (next > content.length) return undefined;
      if (marker === APP0 && content.toString('latin1', at + 4, at + 9) === 'JFIF\0') isJfif = true;
      if (FRAMES.has(marker)) size = frameSize(content, at + 4);
      if (size !== undefined && isJfif) return size;
      at = next;
    }
  }
  return undefined;
}

/** Of a frame with eight bits a colour: a stack reads no other. */
function frameSize(content: Buffer, at: number): ImageSize | undefined {
  if (content[at] !== 8 || at + 5 > content.length) return undefined;
  return { width: content.readUInt16BE(at + 3), height: content.readUInt16BE(at + 1) };
}
