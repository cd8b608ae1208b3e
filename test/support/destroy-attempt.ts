import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import type { DestroyPayload } from '../../src/jobs/kinds/destroy.ts';
import type { DestroyContext } from '../../src/workers/destroy/context.ts';
import type { Services } from '../../src/workers/stage/services.ts';

/** What a command would have queued for an instance as it is. */
export function destroyPayload(instance: StoredInstance, more: Partial<DestroyPayload> = {}): DestroyPayload {
  const { _id: id, domain } = instance;
  const seen = { id, incarnation: incarnationOf(instance) };
  const how = { skipAccounts: false, resume: false, generation: 0, tries: 1 };
  return { v: 1, kind: 'destroy', domain, seen, ...how, ...more };
}

/** What the stages of a first attempt work with. */
export function destroyContext(
  services: Services,
  instance: StoredInstance,
  lease: DestroyContext['lease'] = { assertHeld: () => undefined },
): DestroyContext {
  let markedFrom: string | undefined;
  return {
    payload: destroyPayload(instance),
    expected: { id: instance._id, incarnation: incarnationOf(instance) },
    services,
    signal: new AbortController().signal,
    lease,
    instance,
    shutFrom: undefined,
    hasRemovedFiles: false,
    outlastDead: async () => undefined,
    jobId: 'job',
    archives: new Set(),
    note: () => undefined,
    hasArchive: async () => undefined,
    isRemoving: () => false,
    willRemove: async () => undefined,
    askDate: async () => undefined,
    wasMarked: false,
    markedFrom: () => markedFrom,
    shutEarlier: () => undefined,
    claimDate: async () => undefined,
    keepDate: async () => undefined,
    willMark: async (rev) => {
      markedFrom = rev;
    },
    hasToldLate: async () => undefined,
  };
}
