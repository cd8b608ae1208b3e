import { gzipSync } from 'node:zlib';
import { Header, type HeaderData } from 'tar';

/** What goes into an archive, however odd; without a content it is a header alone. */
export interface ArchiveEntry {
  readonly path: string;
  readonly type?: HeaderData['type'];
  readonly content?: string | Buffer;
  readonly linkpath?: string;
  /** What the header says, when it is not the content's. */
  readonly size?: number;
}

const BLOCK = 512;

/** One header block. */
export function headerOf({ path, type = 'File', content = '', linkpath, size }: ArchiveEntry): Buffer {
  const block = Buffer.alloc(BLOCK);
  const header = new Header({
    path,
    type,
    mode: 0o644,
    size: size ?? Buffer.byteLength(content),
    ...(linkpath !== undefined && { linkpath }),
  });
  header.encode(block, 0);
  return block;
}

/** A tar archive, as no honest program would write it if need be. */
export function tarOf(entries: readonly ArchiveEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '');
    return [headerOf(entry), content, Buffer.alloc(-content.length & (BLOCK - 1))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

export function tgzOf(entries: readonly ArchiveEntry[]): Buffer {
  return gzipSync(tarOf(entries));
}

/** A manifest that is good enough. */
export function manifestOf(changes: object = {}): string {
  return JSON.stringify({ slug: 'tiny', version: '1.0.0', type: 'webapp', ...changes });
}

/** The smallest application there is. */
export function tinyApp(changes: object = {}): ArchiveEntry[] {
  return [
    { path: 'manifest.webapp', content: manifestOf(changes) },
    { path: 'index.html', content: '<p>hello</p>' },
  ];
}

/** That many GiB of zeros, compressed: gzip streams may follow one another. */
export function* zeros(gibibytes: number): Generator<Buffer, void, undefined> {
  const member = gzipSync(Buffer.alloc(32 * 1024 * 1024));
  for (let times = 0; times < gibibytes * 32; times += 1) yield member;
}
