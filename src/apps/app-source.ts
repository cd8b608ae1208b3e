import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseUrl, withoutTrailingSlashes } from '../config/urls.ts';
import { InputError } from '../errors.ts';
import { isSlug, isVersion } from './manifest/manifest.ts';

/** Where an application comes from; `text` is what its document shows as its `source`. */
export type AppSource = RegistrySource | HttpSource | FileSource | GitSource;

export interface RegistrySource {
  readonly kind: 'registry';
  readonly text: string;
  readonly slug: string;
  readonly channel: string;
  /** Absent = the latest of the channel. */
  readonly version?: string;
}

/** An archive, `.tar` or `.tar.gz`. */
export interface HttpSource {
  readonly kind: 'http';
  readonly text: string;
  /** Without the fragment. */
  readonly url: string;
  /** Of the archive, in lower-case hexadecimal. */
  readonly sha256?: string;
}

/** A directory or an archive of this machine: which of them, the disk tells when it is fetched. */
export interface FileSource {
  readonly kind: 'file';
  readonly text: string;
  /** Absolute. */
  readonly path: string;
}

export interface GitSource {
  readonly kind: 'git';
  readonly text: string;
  /** As `git` names it. */
  readonly protocol: 'git' | 'https' | 'ssh';
  /** Without the fragment. */
  readonly url: string;
  /** Branch or tag; absent = the repository's own choice. */
  readonly ref?: string;
}

const EXAMPLES =
  'Give a slug such as drive, or registry://drive/stable, https://host/app.tar.gz, file:///path, git+https://host/repository.git.';

const NO_SECRETS =
  'Everybody who may read the documents of an instance reads its sources: serve what needs a token or a password from a registry, or give it as file:///path.';

/** Most characters of a source; registries and hosts take no longer URLs either. */
const MAX_CHARACTERS = 2_048;

/** Characters that are not seen. URLs drop some of them in silence, while documents get the text as it is. */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffd]/u;

const REGISTRY = 'registry://';
/** Of a registry, where none is named. */
export const DEFAULT_CHANNEL = 'stable';
/** Name of a channel of a registry. */
export const CHANNEL = /^[a-z][a-z0-9-]{0,31}$/;
const SHA256 = /^[0-9a-fA-F]{64}$/;
/** Never an option of `git`, and never a way out of its directory of references. */
const GIT_REF = /^(?!.*\.\.)[0-9A-Za-z_][0-9A-Za-z._/-]{0,199}$/;
const GIT_HOST = /^[0-9A-Za-z[][0-9A-Za-z.:[\]-]*$/;

/**
 * What the operator gave as an application: a bare slug is `registry://<slug>/stable`, the rest as the stack
 * reads it (`docs/cozy-data.md` §5.1).
 *
 * @throws {InputError} `app_source`; a source with a password or a query, which may be a token, is refused, for
 *   sources are kept in documents and in Redis
 */
export function parseSource(given: string): AppSource {
  if (given.length > MAX_CHARACTERS) {
    throw bad(`the source of an application has more than ${MAX_CHARACTERS} characters`);
  }
  if (UNSEEN.test(given.trim())) throw bad('the source of an application holds a character that is not seen');
  const text = given.trim();
  if (isSlug(text)) {
    return {
      kind: 'registry',
      text: `${REGISTRY}${text}/${DEFAULT_CHANNEL}`,
      slug: text,
      channel: DEFAULT_CHANNEL,
    };
  }
  const scheme = /^([a-z+]+):\/\//.exec(text)?.[1];
  switch (scheme) {
    case 'registry':
      return registrySource(text);
    case 'http':
    case 'https':
      return httpSource(text);
    case 'file':
      return fileSource(text);
    case 'git':
      return gitSource(text, 'git');
    case 'git+https':
      return gitSource(text, 'https');
    case 'git+ssh':
    case 'ssh+git':
      return gitSource(text, 'ssh');
    case undefined:
      throw bad(
        text === ''
          ? 'an application has neither a slug nor a source'
          : `${quoted(text)} is no slug: only a-z, 0-9 and - are in one`,
      );
    default:
      throw bad(`applications cannot come from ${scheme}://`);
  }
}

/** A slash at the end is no part of it: a stack would count it, and find no channel, or lose the version. */
function registrySource(given: string): RegistrySource {
  const path = withoutTrailingSlashes(given.slice(REGISTRY.length));
  const text = `${REGISTRY}${path}`;
  const [slug = '', ...rest] = path.split('/');
  if (!isSlug(slug))
    throw bad(`${quoted(slug)} in ${quoted(text)} is no slug: only a-z, 0-9 and - are in one`);
  if (rest.length > 2) throw bad(`${quoted(text)} has more than a slug, a channel and a version`);
  const [first, second] = rest;
  const versionAlone = second === undefined && first !== undefined && /^\d/.test(first);
  const channel = versionAlone ? DEFAULT_CHANNEL : (first ?? DEFAULT_CHANNEL);
  const version = versionAlone ? first : second;
  if (!CHANNEL.test(channel)) throw bad(`${quoted(channel)} in ${quoted(text)} is no channel`);
  if (version === undefined || version === 'latest') return { kind: 'registry', text, slug, channel };
  if (!isVersion(version)) throw bad(`${quoted(version)} in ${quoted(text)} is no version`);
  return { kind: 'registry', text, slug, channel, version };
}

function httpSource(text: string): HttpSource {
  const url = remoteUrl(text);
  if (url.username !== '') throw withCredentials();
  if (!/\.(tar|tar\.gz|tgz)$/.test(url.pathname)) {
    throw bad(`${quoted(text)} does not end with .tar, .tar.gz or .tgz`);
  }
  const sha256 = url.hash.slice(1);
  url.hash = '';
  if (sha256 === '') return { kind: 'http', text, url: url.href };
  if (!SHA256.test(sha256)) throw bad(`${quoted(text)}: what follows # is no SHA-256 in hexadecimal`);
  return { kind: 'http', text, url: url.href, sha256: sha256.toLowerCase() };
}

function fileSource(text: string): FileSource {
  const url = checkedUrl(text);
  if (url.search !== '' || url.hash !== '') throw bad(`${quoted(text)} is no path: # and ? must be escaped`);
  const path = pathOf(url);
  if (path === undefined || !isAbsolute(path) || path === '/' || path.includes('\0')) {
    throw bad(`${quoted(text)} is no absolute path on this machine`);
  }
  return { kind: 'file', text, path };
}

function pathOf(url: URL): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function gitSource(text: string, protocol: GitSource['protocol']): GitSource {
  const rest = text.slice(text.indexOf('://'));
  const url = remoteUrl(`${protocol}${rest}`);
  // `git@host` is how ssh is spelled; elsewhere a user name alone may be a token.
  if (url.username !== '' && protocol !== 'ssh') throw withCredentials();
  if (!GIT_HOST.test(url.hostname) || /^-/.test(url.username)) throw bad(`${quoted(text)} names no host`);
  if (url.pathname.length < 2) throw bad(`${quoted(text)} names no repository`);
  const ref = decoded(url.hash.slice(1));
  url.hash = '';
  if (ref === '') return { kind: 'git', text, protocol, url: url.href };
  if (!GIT_REF.test(ref)) throw bad(`${quoted(text)}: what follows # is no branch`);
  return { kind: 'git', text, protocol, url: url.href, ref };
}

/** Parses a URL and refuses one with a password; the error does not repeat it. */
function checkedUrl(text: string): URL {
  const url = parseUrl(text);
  if (url === undefined) throw bad('the source of an application is not a valid URL');
  if (url.password !== '') throw withCredentials();
  return url;
}

/** Parses a URL of another machine and refuses a query, which may be a token; the error does not repeat it. */
function remoteUrl(text: string): URL {
  const url = checkedUrl(text);
  if (!url.href.replace(/#.*/s, '').includes('?')) return url;
  throw bad('the source of an application must not hold a query, which may be a token', NO_SECRETS);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '-';
  }
}

function withCredentials(): InputError {
  return bad('the source of an application must not hold a user or password', NO_SECRETS);
}

/** Short enough for a message; what is after `?` may be a token. */
function quoted(text: string): string {
  return JSON.stringify(text.replace(/\?.*/s, '?…').slice(0, 120));
}

function bad(message: string, advice = EXAMPLES): InputError {
  return new InputError('app_source', message, {}, advice);
}
