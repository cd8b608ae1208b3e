import { crc32, deflateRawSync } from 'node:zlib';

/** A file that comes into a ZIP. */
export interface ZipContent {
  readonly name: string;
  readonly bytes: Buffer;
  /** As it is, instead of packed. */
  readonly stored?: boolean;
}

/** As Go's `archive/zip` writes one to a stream: sizes and check sums stand behind each content, and in the directory. */
export function zipOf(contents: readonly ZipContent[]): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, stored = false } of contents) {
    const title = Buffer.from(name);
    const method = stored ? 0 : 8;
    const packed = stored ? bytes : deflateRawSync(bytes);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(0x808, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(title.length, 26);
    const sizes = Buffer.alloc(16);
    sizes.writeUInt32LE(0x08074b50, 0);
    sizes.writeUInt32LE(crc32(bytes), 4);
    sizes.writeUInt32LE(packed.length, 8);
    sizes.writeUInt32LE(bytes.length, 12);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x02014b50, 0);
    header.writeUInt16LE(20, 4);
    header.writeUInt16LE(20, 6);
    header.writeUInt16LE(0x808, 8);
    header.writeUInt16LE(method, 10);
    sizes.copy(header, 16, 4);
    header.writeUInt16LE(title.length, 28);
    header.writeUInt32LE(offset, 42);
    directory.push(header, title);
    pieces.push(local, title, packed, sizes);
    offset += local.length + title.length + packed.length + sizes.length;
  }
  const names = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(contents.length, 8);
  end.writeUInt16LE(contents.length, 10);
  end.writeUInt32LE(names.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...pieces, names, end]);
}
