import { randomUUID } from 'node:crypto';
import { appId } from '../../../apps/manifest/documents.ts';
import type { Config } from '../../../config/config.ts';
import { unlessNoDatabase } from '../../../couchdb/errors.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import { InputError } from '../../../errors.ts';
import { databaseName, databasePrefix } from '../../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../../instances/documents/instance-document.ts';
import { instanceState } from '../../../instances/documents/instance-state.ts';
import type { Subdomains } from '../../../instances/domains/domain.ts';
import type { ReadResult } from '../../../instances/lookup/classify-document.ts';
import { clusterIfAny } from '../../../instances/lookup/cluster-at.ts';
import type { Fleet } from '../../../jobs/fleet/fleet.ts';
import { type Author, authorFields } from '../../../jobs/kinds/author.ts';
import { noteHistory } from '../../../jobs/queue/instance-history.ts';
import { connectStackRedis } from '../../../stack/connect.ts';
import { SESSION_CODE_SECONDS, saveSessionCode } from '../../../stack/session-codes.ts';

/** Links by which owners without a passphrase are logged in once. */
export interface SessionLinks {
  /**
   * What is made for a row of a batch of creations; nothing for an owner who has a passphrase, or still has to register.
   * @param row as it is exported
   * @param result its instance, as CouchDB has it
   */
  linksOf(
    row: { readonly status: string },
    result: ReadResult | undefined,
  ): Promise<{ readonly sessionLink?: string; readonly sessionLinkExpires?: string }>;
  /** Owners who come in without a passphrase and got none, since the application is not there to open. */
  withoutApp(): number;
  close(): void;
}

/** What such links are made with. */
export interface LinkServices {
  readonly fleet: Pick<Fleet, 'redis' | 'keys'>;
  cluster(index: number | undefined): CouchServer;
}

/**
 * Opens what session links are made with. That a link was made is noted in the history of its instance, without its code.
 * @param app slug of the application that a link opens
 * @param author who wants them
 * @throws InputError `bad_choice` where the configuration names no Redis of the stack for them
 */
export function openSessionLinks(
  config: Config,
  { cluster, fleet: books }: LinkServices,
  app: string,
  author: Author,
): SessionLinks {
  const target = config.stackRedis?.sessions;
  if (target === undefined) {
    throw new InputError(
      'bad_choice',
      'the configuration names no Redis in which the stack keeps session codes (redis.databases.sessions, or sessions.url)',
      {},
      'A stack without one keeps them in its memory, and only it can make them.',
    );
  }
  const { fleet, forcedOidcContexts, subdomains } = config;
  const sessions = connectStackRedis(target);
  let withoutApp = 0;
  return {
    async linksOf({ status }, result) {
      if (status !== 'created' || result?.readable !== true) return {};
      const { instance } = result;
      if (!comesWithoutPassphrase(instance, forcedOidcContexts)) return {};
      const server = clusterIfAny(cluster, instance.couch_cluster);
      const apps = databaseName(databasePrefix(instance), 'io.cozy.apps');
      const installed = server && (await unlessNoDatabase(server.getDocument(apps, appId('webapp', app))));
      if (installed === undefined) {
        withoutApp += 1;
        return {};
      }
      const code = await saveSessionCode(sessions.redis, instance);
      const made = { at: Date.now(), what: 'session-link', state: 'done', ...authorFields(author) } as const;
      // The code is there: that its making cannot be noted would not take it back.
      await noteHistory(books, instance.domain, randomUUID(), made).catch(() => undefined);
      const host = appHost(instance.domain, app, subdomains);
      return {
        sessionLink: `${fleet.linkScheme}://${host}/?session_code=${code}`,
        sessionLinkExpires: new Date(Date.now() + SESSION_CODE_SECONDS * 1000).toISOString(),
      };
    },
    withoutApp: () => withoutApp,
    close: () => sessions.close(),
  };
}

/** Of an instance in use: nobody else gets into one whose owner has a passphrase. */
function comesWithoutPassphrase(instance: StoredInstance, forcedOidcContexts: readonly string[]): boolean {
  const { password_defined: hasPassphrase, magic_link, oidc_id, franceconnect_id, context = '' } = instance;
  if (instanceState(instance) !== 'onboarded' || hasPassphrase !== false) return false;
  return (
    magic_link === true ||
    Boolean(oidc_id) ||
    Boolean(franceconnect_id) ||
    forcedOidcContexts.includes(context)
  );
}

/** The host on which a stack serves an application of an instance (`SubDomain` in `model/instance/instance.go`). */
export function appHost(domain: string, slug: string, subdomains: Subdomains): string {
  if (subdomains === 'nested') return `${slug}.${domain}`;
  const [first = '', ...others] = domain.split('.');
  return [`${first}-${slug}`, ...others].join('.');
}
