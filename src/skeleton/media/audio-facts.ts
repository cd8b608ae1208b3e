import { defined } from '../../defined.ts';

/** What a stack keeps of the tags of an audio file; what is empty or 0 is absent. */
export interface AudioFacts {
  readonly album?: string;
  readonly artist?: string;
  readonly composer?: string;
  readonly genre?: string;
  readonly title?: string;
  readonly year?: number;
  readonly track?: number;
}

/** Reads the tags of an audio file; none where there are none that can be read. @param mime to know the format by */
export async function audioFacts(content: Buffer, mime: string): Promise<AudioFacts> {
  // Few skeletons have any, and the library is large.
  const { parseBuffer } = await import('music-metadata');
  try {
    const { common, native } = await parseBuffer(content, { mimeType: mime, size: content.length }, QUICKLY);
    return defined({
      album: common.album || undefined,
      artist: common.artist || undefined,
      composer: common.composer?.[0] || performerIn(native['vorbis'] ?? [], common.artist),
      genre: common.genre?.[0] || undefined,
      title: common.title || undefined,
      year: common.year || undefined,
      track: common.track.no || undefined,
    });
  } catch {
    return {};
  }
}

/**
 * Who performed it, whom a stack takes for the composer of an Ogg or a FLAC that names none, else the artist; undefined
 * for other formats.
 * @param tags of Vorbis comments, as they are in the file
 */
function performerIn(
  tags: readonly { readonly id: string; readonly value: unknown }[],
  artist: string | undefined,
): string | undefined {
  if (tags.length === 0) return undefined;
  const performer = tags.find(({ id }) => id.toUpperCase() === 'PERFORMER')?.value;
  return typeof performer === 'string' && performer !== '' ? performer : artist;
}

const QUICKLY = { duration: false, skipCovers: true, skipPostHeaders: false };
