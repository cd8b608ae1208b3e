import { InputError } from '../../errors.ts';
import { type AppSource, DEFAULT_CHANNEL, parseSource } from '../app-source.ts';
import { AppError } from '../errors.ts';

/** Where an application is to come from by an update; nothing of it = from where it came before. */
export interface WantedSource {
  /** A whole source. */
  readonly source?: string | undefined;
  /** Of the registry. */
  readonly channel?: string | undefined;
  /** A version that the registry has; an application stays with it until an update says otherwise. */
  readonly version?: string | undefined;
}

/** Whether anything was said of where an application is to come from. */
export function isSourceSaid({ source, channel, version }: WantedSource): boolean {
  return source !== undefined || channel !== undefined || version !== undefined;
}

/**
 * The source of an update. A channel or a version alone leaves the other as it is in the source of what is installed.
 *
 * @param installed text of the source by which it was installed
 * @throws AppError `app_unusable_source` where that is none for us, and nothing else is wanted
 */
export function updateSource(
  slug: string,
  installed: string,
  { source, channel, version }: WantedSource,
): AppSource {
  if (source !== undefined) return parseSource(source);
  const before = readable(installed);
  if (channel === undefined && version === undefined) {
    if (before !== undefined) return before;
    throw new AppError(
      'app_unusable_source',
      `application ${slug} came from a source that cannot be used`,
      'final',
      'Say where it is to come from, with --source or --channel.',
    );
  }
  const known = before?.kind === 'registry' ? before.channel : DEFAULT_CHANNEL;
  const parts = [slug, channel ?? known, ...(version === undefined ? [] : [version])];
  return parseSource(`registry://${parts.join('/')}`);
}

/** What others wrote into the document may be anything. */
function readable(source: string): AppSource | undefined {
  try {
    // A bare slug is a source for operators alone.
    return source.includes('://') ? parseSource(source) : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
