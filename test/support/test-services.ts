import { createHasOneNode } from '../../src/couchdb/has-one-node.ts';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { NEWEST_INDEXES_VERSION } from '../../src/instances/databases/databases.ts';
import type { DesignSource } from '../../src/instances/databases/design-source.ts';
import { createHasOneCopy } from '../../src/instances/lookup/has-one-copy.ts';
import { createPrefixIndex } from '../../src/instances/lookup/prefix-index.ts';
import { PUBLIC_DEV_ENCRYPTOR_KEY } from '../../src/instances/vault/organization-key.ts';
import { createSkeletonStore } from '../../src/skeleton/skeleton-store.ts';
import { connectStack } from '../../src/stack/connect.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { Services } from '../../src/workers/stage/services.ts';
import { silentLog } from './test-log.ts';

/** What a stage works with that is run by itself: one CouchDB, no stack beside it, no application to be fetched. */
export function testServices(
  couch: CouchServer,
  given: { readonly storage: Storage; readonly designs: DesignSource },
): Services {
  return {
    ...given,
    pool: undefined,
    global: couch,
    clusters: [couch],
    cluster: () => couch,
    openClusters: () => [0],
    prefixIndex: createPrefixIndex(couch),
    hasOneCopy: createHasOneCopy(couch),
    hasOneNode: createHasOneNode(),
    platform: { indexes: async () => ({ version: NEWEST_INDEXES_VERSION, known: 'set' }) },
    linkScheme: 'https',
    subdomains: 'nested',
    skeletons: createSkeletonStore(undefined, {}),
    contexts: {},
    forcedOidcContexts: [],
    encryptorKey: PUBLIC_DEV_ENCRYPTOR_KEY,
    commonSettings: {},
    clouderies: {},
    stack: connectStack(undefined),
    stackAdmin: undefined,
    rag: {},
    apps: {
      check: async () => undefined,
      look: () => Promise.reject(new Error('no application is to be looked up here')),
      prepare: () => Promise.reject(new Error('no application is to be fetched here')),
      close: async () => undefined,
    },
    registries: { default: [] },
    log: silentLog(),
  };
}
