import type { Config } from './config.ts';
import type { RedisTarget } from './redis-target.ts';
import { parseUrl } from './urls.ts';

/**
 * Passwords and tokens of the configuration in each form in which they could be written somewhere: as they are, as in
 * a URL, and as they are sent. For the log, which masks them.
 */
export function configSecrets(config: Config): string[] {
  const { couchdb, registries, commonSettings, clouderies, rag, serve, fleet, stackRedis, stackAdmin } =
    config;
  const urls = [
    couchdb.url,
    ...couchdb.clusters.map(({ url }) => url),
    ...Object.values(registries).flat(),
    ...Object.values(commonSettings).map(({ url }) => url),
    ...Object.values(clouderies).flatMap(({ url }) => url ?? []),
    ...Object.values(rag).flatMap(({ url }) => url ?? []),
    serve.upstream ?? '',
    serve.adminUpstream ?? '',
    fleet.notify ?? '',
  ];
  const tokens = [
    serve.clouderyToken ?? '',
    stackAdmin?.passphrase ?? '',
    ...Object.values(commonSettings).map(({ token }) => token),
    ...Object.values(clouderies).flatMap(({ token }) => token ?? []),
    ...Object.values(rag).flatMap(({ token }) => token ?? []),
  ];
  const passwords = [fleet.redis, stackRedis?.jobs, stackRedis?.lock, stackRedis?.sessions].flatMap(
    passwordsOf,
  );
  const sent = stackAdmin === undefined ? [] : [Buffer.from(`:${stackAdmin.passphrase}`).toString('base64')];
  const secrets = [...sent, ...urls.flatMap(urlSecrets), ...[...tokens, ...passwords].flatMap(written)];
  return [...new Set(secrets)].filter((each) => each !== '');
}

/** The password of a URL in its forms, and with its user as it is sent. */
function urlSecrets(url: string): string[] {
  const { username = '', password = '' } = parseUrl(url) ?? {};
  if (password === '') return [];
  const pair = `${decoded(username)}:${decoded(password)}`;
  return [password, ...written(decoded(password)), Buffer.from(pair).toString('base64')];
}

function passwordsOf(redis: RedisTarget | undefined): string[] {
  if (redis === undefined) return [];
  const { password = '' } = redis;
  return redis.kind === 'sentinel' ? [password, redis.sentinelPassword ?? ''] : [password];
}

/** As it is, and as it stands in a URL. */
function written(secret: string): string[] {
  return [secret, encodeURIComponent(secret)];
}

/** What is no encoding stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
