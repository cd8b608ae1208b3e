import type { Readable } from 'node:stream';
import * as z from 'zod';
import { couchHost, withoutTrailingSlashes } from '../../config/urls.ts';
import type { FailureKind } from '../../errors.ts';
import type { RegistrySource } from '../app-source.ts';
import { AppError } from '../errors.ts';
import { type AppKind, checkManifest, isVersion, type Manifest } from '../manifest/manifest.ts';
import { type AppHttp, HttpFailure, reasonOf, statusFailure } from './http.ts';

/** One version of an application, as a registry announces it. */
export interface RegistryVersion {
  readonly slug: string;
  readonly version: string;
  /** SHA-256 of the archive, in lower-case hexadecimal. */
  readonly sha256: string;
  /** Of the archive. */
  readonly url: string;
  /** What the paths in the archive begin with and those of the application do not; often empty. */
  readonly tarPrefix: string;
  readonly manifest: Manifest;
}

/** How long a registry may take (`docs/cozy-data.md` §5.2). */
const TIMEOUT_MS = 5_000;

/** Largest answer: a manifest and little else. */
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;

/** Largest answer that something is not there: a sentence. */
const REFUSAL_LIMIT_BYTES = 16 * 1024;

/**
 * What a registry says with a 404, and nothing else (cozy-apps-registry, `web/router.go`, `httpErrorHandler`). A proxy that
 * does not reach its registry answers 404 in words of its own.
 */
const refusalSchema = z.strictObject({ error: z.string() });

const answerSchema = z.object({
  slug: z.string('must be a text'),
  type: z.unknown().optional(),
  version: z.string('must be a text').refine(isVersion, 'must be a version such as 1.2.3'),
  url: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
  sha256: z
    .string('must be a text')
    .regex(/^[0-9a-fA-F]{64}$/, 'must be a SHA-256 in hexadecimal')
    .transform((text) => text.toLowerCase()),
  tar_prefix: z.string('must be a text').nullish(),
  manifest: z.looseObject({ type: z.unknown().optional() }, 'must be a map of fields'),
});

/**
 * Asks the registries, in their order, for the version a source means. Only a registry's own 404 leads to the next one
 * (`docs/cozy-data.md` §5.2): one that is down, or that a proxy does not reach, must not make way for an application of
 * the same name elsewhere.
 *
 * @param registries URLs, credentials included; none where the operator has emptied the list
 * @param timeoutMs milliseconds that each registry may take
 * @throws {AppError} `app_not_found` when no registry knows it; `app_registry` when one did not answer as it
 *   should, to be tried again where that can help; `app_manifest`
 */
export async function resolveVersion(
  source: RegistrySource,
  registries: readonly string[],
  http: AppHttp,
  signal: AbortSignal,
  timeoutMs = TIMEOUT_MS,
): Promise<RegistryVersion> {
  if (registries.length === 0) {
    throw new AppError(
      'app_not_found',
      `no registry is configured to ask for ${described(source)}`,
      'final',
      'Name one in `registries` in the configuration, or give the source of the application as a URL.',
    );
  }
  for (const registry of registries) {
    const found = await askRegistry(source, registry, http, signal, timeoutMs);
    if (found !== undefined) return found;
  }
  const hosts = registries.map(couchHost).join(', ');
  throw new AppError(
    'app_not_found',
    `no registry has ${described(source)} (asked: ${hosts})`,
    'final',
    'Check the name of the application, its channel, and `registries` in the configuration.',
  );
}

async function askRegistry(
  source: RegistrySource,
  registry: string,
  http: AppHttp,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<RegistryVersion | undefined> {
  const late = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, late]);
  const host = couchHost(registry);
  try {
    const { status, body } = await http.get({
      url: addressOf(source, registry),
      accept: 'application/json',
      // A version never changes; which of them is the newest one does.
      fresh: source.version === undefined,
      signal: either,
    });
    if (status === 200) return checkAnswer(await textOf(body, ANSWER_LIMIT_BYTES), source, host);
    if (status !== 404) {
      body.destroy();
      throw statusFailure(status);
    }
    if (isRefusal(await textOf(body, REFUSAL_LIMIT_BYTES))) return undefined;
    throw failed(host, source, 'answered 404, and not as a registry does', 'retry');
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof AppError) throw thrown;
    if (late.aborted) throw failed(host, source, `did not answer within ${timeoutMs / 1000} s`, 'outage');
    if (thrown instanceof HttpFailure) {
      throw failed(host, source, thrown.message, thrown.kind);
    }
    throw failed(host, source, reasonOf(thrown), 'retry');
  }
}

function addressOf({ slug, channel, version }: RegistrySource, registry: string): string {
  const url = new URL(registry);
  const wanted = version === undefined ? `${channel}/latest` : encodeURIComponent(version);
  url.pathname = `${withoutTrailingSlashes(url.pathname)}/registry/${slug}/${wanted}`;
  return url.href;
}

/** @returns undefined where there is more than that: the rest is not read */
async function textOf(body: Readable, limitBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limitBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whether a registry itself says that it has no such thing. */
function isRefusal(text: string | undefined): boolean {
  return text !== undefined && refusalSchema.safeParse(parsedJson(text)).success;
}

function checkAnswer(text: string | undefined, source: RegistrySource, host: string): RegistryVersion {
  if (text === undefined) throw failed(host, source, 'answered more than a manifest can be', 'final');
  // A text that is no JSON is rather the page of a proxy than the answer of a registry: the next try may succeed.
  const json = parsedJson(text);
  if (json === undefined) throw failed(host, source, 'did not answer with JSON', 'retry');
  const checked = answerSchema.safeParse(json);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    throw failed(host, source, `answered with a bad ${issue?.path.join('.')}: it ${issue?.message}`, 'final');
  }
  const { slug, version, url, sha256, tar_prefix, type, manifest: raw } = checked.data;
  const from = `${slug} ${version} from ${host}`;
  if (slug !== source.slug)
    throw failed(
      host,
      source,
      `answered with another application, ${JSON.stringify(slug.slice(0, 100))}`,
      'final',
    );
  if (source.version !== undefined && version !== source.version) {
    throw failed(host, source, `answered with another version, ${version}`, 'final');
  }
  const manifest = checkManifest(raw, kindOf([type, raw.type], from), from);
  if (manifest.slug !== undefined && manifest.slug !== slug) {
    throw new AppError(
      'app_manifest',
      `the manifest of ${from} is that of another application, ${manifest.slug}`,
    );
  }
  return { slug, version, url, sha256, tarPrefix: tar_prefix ?? '', manifest };
}

/** Kind of an application whose files are not there yet. @param types what registry and manifest say, in this order */
function kindOf(types: readonly unknown[], from: string): AppKind {
  for (const type of types) if (type === 'webapp' || type === 'konnector') return type;
  // Konnectors used to name what runs them instead.
  if (types.includes('node')) return 'konnector';
  throw new AppError(
    'app_manifest',
    `the manifest of ${from} does not say whether it is a webapp or a konnector`,
  );
}

function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function described({ slug, channel, version }: RegistrySource): string {
  return version === undefined ? `${slug} in channel ${channel}` : `${slug} ${version}`;
}

function failed(host: string, source: RegistrySource, what: string, kind: FailureKind): AppError {
  return new AppError(
    'app_registry',
    `registry ${host}, asked for ${described(source)}: ${what}`,
    kind,
    'Check that the registry runs, and `registries` in the configuration.',
  );
}
