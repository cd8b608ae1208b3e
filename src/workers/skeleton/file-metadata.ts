import { defined } from '../../defined.ts';
import type { FileMetadata } from '../../instances/documents/file-document.ts';
import type { Subdomains } from '../../instances/domains/domain.ts';
import type { MediaFacts } from '../../skeleton/media/media-facts.ts';

/** Version of the extractor of a stack (`model/vfs/metadata.go`). */
const EXTRACTOR_VERSION = 2;

/** Of which instance a file is, and when it comes there. */
export interface FilePlace {
  /** ISO 8601. */
  readonly now: string;
  readonly domain: string;
  readonly subdomains: Subdomains;
}

/** What the document of a file says of its content; undefined for files that a stack does not look into. */
export function fileMetadata(facts: MediaFacts | undefined, place: FilePlace): FileMetadata | undefined {
  const metadata = metadataOf(facts, place);
  return metadata && { extractor_version: EXTRACTOR_VERSION, ...metadata };
}

function metadataOf(
  facts: MediaFacts | undefined,
  place: FilePlace,
): Readonly<Record<string, unknown>> | undefined {
  switch (facts?.kind) {
    case undefined:
      return undefined;
    case 'image': {
      const { takenAt = place.now, ...camera } = facts.exif ?? {};
      return { datetime: takenAt, ...camera, ...facts.size };
    }
    case 'heif': {
      const { takenAt, ...camera } = facts.exif ?? {};
      return { ...defined({ datetime: takenAt }), ...camera };
    }
    case 'audio':
      return { ...facts.tags };
    case 'shortcut':
      return defined({ target: targetOf(facts.url, place) });
    default:
      return facts satisfies never;
  }
}

/** What a shortcut into the instance itself says of where it leads. */
function targetOf(url: string | undefined, { domain, subdomains }: FilePlace): object | undefined {
  const host = url === undefined ? undefined : hostOf(url);
  if (host === undefined) return undefined;
  const [instance, app] = splitHost(host, subdomains);
  if (instance !== domain) return undefined;
  return { cozyMetadata: { instance }, ...(app !== '' && { app }) };
}

function hostOf(url: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]+)/i.exec(url)?.[1];
}

/** As `SplitCozyHost` in `pkg/config/config/split_host.go`. */
function splitHost(host: string, subdomains: Subdomains): [instance: string, app: string] {
  const dot = host.indexOf('.');
  if (dot === -1) return [host, ''];
  const first = host.slice(0, dot);
  const rest = host.slice(dot + 1);
  if (subdomains === 'nested') return [rest, first];
  const hyphen = first.indexOf('-');
  return hyphen === -1 ? [host, ''] : [`${first.slice(0, hyphen)}.${rest}`, first.slice(hyphen + 1)];
}
