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
    const { common } = await parseBuffer(content, { mimeType: mime, size: content.length }, QUICKLY);
    return defined({
      album: common.album || undefined,
      artist: common.artist || undefined,
      composer: common.composer?.[0] || undefined,
      genre: common.genre?.[0] || undefined,
      title: common.title || undefined,
      year: common.year || undefined,
      track: common.track.no || undefined,
    });
  } catch {
    return {};
  }
}

const QUICKLY = { duration: false, skipCovers: true, skipPostHeaders: false };
