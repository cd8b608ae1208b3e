import { SHORTCUT_TYPE } from '../media-types.ts';
import { type AudioFacts, audioFacts } from './audio-facts.ts';
import { type ExifFacts, exifFacts } from './exif-facts.ts';
import { type ImageSize, imageSize } from './image-size.ts';
import { shortcutUrl } from './shortcut-url.ts';

/** What the content of a file says of it, of those files that a stack looks into. */
export type MediaFacts =
  /** `size` is absent where a stack does not look for it, or finds none. */
  | { readonly kind: 'image'; readonly size?: ImageSize; readonly exif?: ExifFacts }
  | { readonly kind: 'heif'; readonly exif?: ExifFacts }
  | { readonly kind: 'audio'; readonly tags: AudioFacts }
  | { readonly kind: 'shortcut'; readonly url?: string };

/** Whether a stack looks into files of that type (`NewMetaExtractor` in `model/vfs/metadata.go`). */
export function hasFacts(mime: string): boolean {
  return extractorOf(mime) !== undefined;
}

/** What a stack finds out about a file by its content; undefined for types that it does not look into. */
export async function mediaFacts(mime: string, content: Buffer): Promise<MediaFacts | undefined> {
  const extractor = extractorOf(mime);
  switch (extractor) {
    case undefined:
      return undefined;
    case 'jpeg': {
      const size = imageSize(content);
      const exif = await exifFacts(content);
      return { kind: 'image', ...(size && { size }), ...(exif && { exif }) };
    }
    case 'heif': {
      const exif = await exifFacts(content);
      return { kind: 'heif', ...(exif && { exif }) };
    }
    case 'picture': {
      const size = imageSize(content);
      return { kind: 'image', ...(size && { size }) };
    }
    case 'audio':
      return { kind: 'audio', tags: await audioFacts(content, mime) };
    case 'shortcut': {
      const url = shortcutUrl(content);
      return { kind: 'shortcut', ...(url !== undefined && { url }) };
    }
    default:
      return extractor satisfies never;
  }
}

function extractorOf(mime: string): 'jpeg' | 'heif' | 'picture' | 'audio' | 'shortcut' | undefined {
  switch (mime) {
    case 'image/jpeg':
      return 'jpeg';
    case 'image/heic':
    case 'image/heif':
      return 'heif';
    case 'image/png':
    case 'image/gif':
      return 'picture';
    case 'audio/mp3':
    case 'audio/mpeg':
    case 'audio/ogg':
    case 'audio/x-m4a':
    case 'audio/flac':
      return 'audio';
    case SHORTCUT_TYPE:
      return 'shortcut';
    default:
      return undefined;
  }
}
