import { INDEXES_VERSIONS, type IndexesVersion } from '../../config/config.ts';
import { VIEW_MAPS, type ViewName } from './map-functions.ts';

/** Doctypes whose databases get documents of their own at creation. */
export const FILES = 'io.cozy.files';
export const SETTINGS = 'io.cozy.settings';
export const CONTACTS = 'io.cozy.contacts';

/** A Mango index: the name of its design document and what it is made of. */
export interface MangoIndex {
  readonly ddoc: string;
  readonly fields: readonly string[];
  readonly partialFilter?: object;
}

/** A JavaScript view, in a design document of the same name. */
export interface JsView {
  readonly name: string;
  /** Source of the map function. */
  readonly map: string;
  /** Name of one of CouchDB's built-in reduce functions. */
  readonly reduce?: '_count' | '_sum';
}

/** A database of every instance; its name comes from `databaseName(prefix, doctype)`. */
export interface InstanceDatabase {
  readonly doctype: string;
  readonly mango: readonly MangoIndex[];
  readonly views: readonly JsView[];
}

/** A database shared by all instances; it lives on the server of `couchdb.url` only. */
export interface GlobalDatabase {
  readonly database: string;
  readonly mango: readonly MangoIndex[];
  /** Made only along with the database: where a stack has made both, they show which stack that was. */
  readonly foundersMango?: readonly MangoIndex[];
  readonly views: readonly JsView[];
}

function index(ddoc: string, ...fields: string[]): MangoIndex {
  return { ddoc, fields };
}

function view(name: ViewName, reduce?: '_count' | '_sum'): JsView {
  return reduce === undefined ? { name, map: VIEW_MAPS[name] } : { name, map: VIEW_MAPS[name], reduce };
}

/** The 16 databases of an instance with their 22 indexes and 13 views (`docs/cozy-data.md` §1.5). */
export const DATABASES: readonly InstanceDatabase[] = [
  {
    doctype: 'com.bitwarden.ciphers',
    mango: [index('by-folder-id', 'folder_id'), index('by-organization-id', 'organization_id')],
    views: [],
  },
  { doctype: 'io.cozy.apps', mango: [], views: [] },
  {
    doctype: CONTACTS,
    mango: [index('by-me', 'me'), index('by-groups', 'relationships.groups.data')],
    views: [view('contacts-by-email')],
  },
  {
    doctype: FILES,
    mango: [
      index('dir-children', 'dir_id', '_id'),
      index('dir-by-path', 'path'),
      index('by-mime-updated-at', 'mime', 'trashed', 'updated_at'),
      index('with-conflicts', '_conflicts'),
      index('by-sharing-status', 'metadata.sharing.status'),
      index('by-dir-id-updated-at', 'dir_id', 'updated_at'),
    ],
    views: [
      view('disk-usage', '_sum'),
      view('not-synchronized-on', '_count'),
      view('referenced-by', '_count'),
      view('referenced-by-sorted-by-datetime', '_count'),
      view('by-parent-type-name', '_count'),
    ],
  },
  { doctype: 'io.cozy.files.versions', mango: [], views: [view('old-versions-disk-usage', '_sum')] },
  {
    doctype: 'io.cozy.jobs',
    mango: [
      index('by-worker-and-state', 'worker', 'state'),
      index('by-trigger-id', 'trigger_id', 'queued_at'),
      index('by-queued-at', 'queued_at'),
    ],
    views: [],
  },
  { doctype: 'io.cozy.konnectors', mango: [], views: [] },
  { doctype: 'io.cozy.nextcloud.migrations', mango: [index('by-status', 'status')], views: [] },
  { doctype: 'io.cozy.notifications', mango: [index('by-source-id', 'source_id', 'created_at')], views: [] },
  {
    doctype: 'io.cozy.oauth.clients',
    mango: [
      index('by-client-name', 'client_name'),
      index('by-notification-platform', 'notification_platform'),
      {
        ddoc: 'connected-user-clients',
        fields: ['client_kind', 'client_name'],
        partialFilter: {
          $and: [{ client_kind: { $in: ['browser', 'desktop', 'mobile'] } }, { pending: { $exists: false } }],
        },
      },
    ],
    views: [],
  },
  {
    doctype: 'io.cozy.permissions',
    mango: [index('by-source-and-type', 'source_id', 'type')],
    views: [view('byToken'), view('byDoc'), view('permissions-by-doctype'), view('by-short-code')],
  },
  {
    doctype: 'io.cozy.sessions.logins',
    mango: [index('by-os-browser-ip', 'os', 'browser', 'ip')],
    views: [],
  },
  { doctype: SETTINGS, mango: [], views: [] },
  { doctype: 'io.cozy.shared', mango: [], views: [view('shared-docs-by-sharingid')] },
  {
    doctype: 'io.cozy.sharings',
    mango: [index('active', 'active')],
    views: [view('sharings-by-doctype')],
  },
  { doctype: 'io.cozy.triggers', mango: [index('by-worker-and-type', 'worker', 'type')], views: [] },
];

/** Number of the newest definitions, which are written where nothing shows that the stack has older ones. */
export const NEWEST_INDEXES_VERSION: IndexesVersion = 39;

/**
 * The databases with the definitions that stacks count under each number. A stack with another number than the
 * document's redefines them at its next load (`docs/cozy-data.md` §1.6). From 38 to 39 nothing but the number
 * moved.
 */
const DEFINITIONS: Readonly<Record<IndexesVersion, readonly InstanceDatabase[]>> = {
  38: DATABASES,
  39: DATABASES,
};

/** What an instance of that number must have; undefined when that is not known here. */
export function definitionsOf(version: number | undefined): readonly InstanceDatabase[] | undefined {
  const known = INDEXES_VERSIONS.find((each) => each === version);
  return known && DEFINITIONS[known];
}

/** What a stack makes at each start, and we too where none ran yet (`docs/cozy-data.md` §1.2). */
export const GLOBAL_DATABASES: readonly GlobalDatabase[] = [
  {
    database: 'global/instances',
    foundersMango: [index('by-orgid', 'org_id')],
    mango: [
      index('by-oidcid', 'oidc_id'),
      index('by-olddomain', 'old_domain'),
      index('by-orgdomain', 'org_domain'),
    ],
    views: [view('domain-and-aliases')],
  },
  { database: 'global/io-cozy-exports', mango: [index('by-domain', 'domain', 'created_at')], views: [] },
  { database: 'secrets/io-cozy-account_types', mango: [index('by-slug', 'slug')], views: [] },
];
