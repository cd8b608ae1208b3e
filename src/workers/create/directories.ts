import type { CouchDocument } from '../../couchdb/documents.ts';
import { FILES } from '../../instances/databases/databases.ts';
import { directoryOptions } from '../../instances/documents/context-options.ts';
import {
  type DefaultDirectory,
  defaultDirectories,
  defaultDirectoryId,
} from '../../instances/documents/directories.ts';
import {
  directoryDocument,
  ROOT_ID,
  rootDocument,
  TRASH_NAME,
  trashDocument,
} from '../../instances/documents/file-documents.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import { isFinished } from '../../instances/documents/reservation.ts';
import { cozyUrl } from '../../instances/domains/registration-link.ts';
import { settleAll } from '../../settle-all.ts';
import { databaseOf } from '../instance/databases-of.ts';
import { type CreateContext, type CreateStage, instanceOf } from './context.ts';
import { fillDatabase, missingDesignsOf } from './indexes.ts';

/** Makes root, trash and localized directories, on disk and in CouchDB: both before the instance is in use (`docs/cozy-data.md` §8 trap 14). */
export const directories: CreateStage = {
  name: 'directories',
  beginsMeanwhile: true,

  async run(context) {
    // A twin was faster: what is there is its owner's by now.
    if (isFinished(instanceOf(context))) return undefined;
    const documents = directoryDocuments(context, wantedDirectories(context));
    // A stack serves nobody from a reservation, so that neither counts before both are there.
    await settleAll<unknown>([ensureFolders(context), fillDatabase(context, FILES, documents)]);
    return undefined;
  },

  async verify(context) {
    const { options, services, signal } = context;
    const wanted = directoryDocuments(context, wantedDirectories(context));
    const { server, name } = databaseOf(context.services, instanceOf(context), FILES);
    const rows = await server.allDocuments(name, { keys: wanted.map(({ _id }) => _id) }, signal);
    const findings = await missingDesignsOf(context, FILES);
    for (const [at, document] of wanted.entries()) {
      const path = String(document['path']);
      if (rows[at]?.error !== undefined) findings.push(`${path} is missing in ${FILES}`);
      if (!(await services.storage.hasDirectory(options.domain, path)))
        findings.push(`${path} is missing on disk`);
    }
    return findings;
  },
};

/**
 * Makes the directories on disk ahead of their documents, while there is something else to wait for. Where that fails,
 * `directories` tries it again, and tells why it fails.
 */
export async function makeFoldersAhead(context: CreateContext): Promise<void> {
  if (isFinished(instanceOf(context))) return;
  await makeFolders(context).catch(() => undefined);
}

async function ensureFolders(context: CreateContext): Promise<void> {
  if (!context.hasFolders) await makeFolders(context);
}

async function makeFolders(context: CreateContext): Promise<void> {
  const { options, services, lease, signal } = context;
  signal.throwIfAborted();
  lease.assertHeld();
  const paths = ['/', `/${TRASH_NAME}`, ...wantedDirectories(context).map(({ path }) => path)];
  await services.storage.makeDirectories(options.domain, paths);
  context.hasFolders = true;
}

function wantedDirectories({ options, services }: CreateContext): DefaultDirectory[] {
  return defaultDirectories(options.locale, directoryOptions(services.contexts, options.context));
}

function directoryDocuments(context: CreateContext, wanted: readonly DefaultDirectory[]): CouchDocument[] {
  const { options, services } = context;
  const { administrative } = directoryOptions(services.contexts, options.context);
  const now = new Date().toISOString();
  const createdOn = cozyUrl(services.linkScheme, options.domain);
  const ids = new Map([
    ['/', ROOT_ID],
    ...wanted.map(({ key, path }): [string, string] => [path, idOf(context, key)]),
  ]);
  return [
    { ...rootDocument(now, !administrative) },
    { ...trashDocument(now) },
    ...wanted.map(({ key, name, path, parentPath, referencedBy }) => ({
      _id: idOf(context, key),
      ...directoryDocument({
        name,
        path,
        now,
        createdOn,
        referencedBy,
        parentId: ids.get(parentPath) ?? ROOT_ID,
      }),
    })),
  ];
}

/** An id that a second run and a twin find again: two documents for one directory would be two directories. */
function idOf(context: CreateContext, key: DefaultDirectory['key']): string {
  return defaultDirectoryId(incarnationOf(instanceOf(context)), key);
}
