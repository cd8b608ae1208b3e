import { defined } from '../../defined.ts';
import { FLASH_TEXTS } from './flash-texts.ts';

/** What a stack keeps of the EXIF data of a picture. */
export interface ExifFacts {
  /** When it was taken, in ISO 8601. */
  readonly takenAt?: string;
  readonly flash?: string;
  /** In degrees; south and west are negative. */
  readonly gps?: { readonly lat: number; readonly long: number };
  /** Pixels, as the camera says. */
  readonly width?: number;
  readonly height?: number;
  /** 1 to 8. */
  readonly orientation?: number;
}

/** Tags by their names, with the values as they are in the file. */
type Tags = Readonly<Record<string, unknown>>;

/**
 * Reads the EXIF data of a JPEG or HEIF picture by the rules of a stack (`model/vfs/metadata.go`); undefined where there is
 * none that can be read. A date without a zone is one of this machine's zone, as it is of the stack's machine; a stack
 * also looks for the zone of a place, which is not done here (`docs/cozy-data.md` §3.6).
 */
export async function exifFacts(content: Buffer): Promise<ExifFacts | undefined> {
  // Few skeletons have photos, and the library is large.
  const { default: ExifReader } = await import('exifreader');
  let tags: Tags;
  try {
    tags = { ...ExifReader.load(content, { expanded: true }).exif };
  } catch {
    // No EXIF data, or data that nobody can read: the picture is good all the same.
    return undefined;
  }
  if (Object.keys(tags).length === 0) return undefined;
  const flash = numberOf(tags, 'Flash');
  return defined({
    takenAt: takenAt(tags),
    flash: flash === undefined ? undefined : (FLASH_TEXTS[flash] ?? ''),
    gps: position(tags),
    width: numberOf(tags, 'PixelXDimension'),
    height: numberOf(tags, 'PixelYDimension'),
    orientation: numberOf(tags, 'Orientation'),
  });
}

const DATE = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)$/;
const OFFSET = /^(?:Z|[+-]\d\d:\d\d)$/;

function takenAt(tags: Tags): string | undefined {
  const text = textOf(tags, 'DateTimeOriginal') ?? textOf(tags, 'DateTime');
  const [, year, month, day, ...clock] = DATE.exec(text ?? '') ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const local = `${year}-${month}-${day}T${clock.join(':')}`;
  const offset = textOf(tags, 'OffsetTimeOriginal') ?? textOf(tags, 'OffsetTime');
  // As in a stack, an offset that is none makes the date none.
  if (offset !== undefined) return OFFSET.test(offset) ? moment(local + offset) : undefined;
  const hours = numberOf(tags, 'TimeZoneOffset');
  if (hours === undefined) return moment(local);
  if (Math.abs(hours) > 24) return undefined;
  const utc = moment(`${local}Z`);
  return utc === undefined ? undefined : new Date(Date.parse(utc) - hours * 3_600_000).toISOString();
}

/** A day that no month has, such as of a camera whose clock was never set, is none. */
function moment(text: string): string | undefined {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function position(tags: Tags): ExifFacts['gps'] {
  const lat = degrees(tags, 'GPSLatitude', 'S', 90);
  const long = degrees(tags, 'GPSLongitude', 'W', 180);
  return lat === undefined || long === undefined ? undefined : { lat, long };
}

function degrees(tags: Tags, name: string, negative: string, most: number): number | undefined {
  const value = tagValue(tags, name);
  const reference = textOf(tags, `${name}Ref`);
  if (!Array.isArray(value) || reference === undefined) return undefined;
  const [whole = 0, minutes = 0, seconds = 0] = value.map(ratio);
  const found = whole + minutes / 60 + seconds / 3600;
  if (!Number.isFinite(found) || Math.abs(found) > most) return undefined;
  return reference === negative ? -found : found;
}

function ratio(pair: unknown): number {
  if (!Array.isArray(pair)) return Number.NaN;
  const [numerator, denominator]: unknown[] = pair;
  return Number(numerator) / Number(denominator);
}

function textOf(tags: Tags, name: string): string | undefined {
  const value = tagValue(tags, name);
  const text: unknown = Array.isArray(value) ? value.join('') : value;
  return typeof text === 'string' ? text.split('\0')[0] : undefined;
}

function numberOf(tags: Tags, name: string): number | undefined {
  const value = tagValue(tags, name);
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'number' ? first : undefined;
}

function tagValue(tags: Tags, name: string): unknown {
  const tag = tags[name];
  return typeof tag === 'object' && tag !== null && 'value' in tag ? tag.value : undefined;
}
