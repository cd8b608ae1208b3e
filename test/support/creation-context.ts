import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import type { CreateContext } from '../../src/workers/create/context.ts';
import type { Services } from '../../src/workers/stage/services.ts';

/** What the stages of a creation share, for stages that are run by themselves; nothing is installed. */
export function creationContext(
  services: Services,
  options: InstanceOptions,
  instance?: StoredInstance,
): CreateContext {
  const context: CreateContext = {
    options,
    passphrase: undefined,
    services,
    signal: new AbortController().signal,
    lease: { assertHeld: () => undefined },
    instance,
    randomPassphrase: undefined,
    jobId: '',
    isRow: false,
    item: undefined,
    namedPrefix: () => undefined,
    namePrefix: async () => undefined,
    recorded: async () => undefined,
    hasFolders: false,
    besideEnd: () => undefined,
    acknowledged: new Set(),
    learn(learned) {
      context.instance = learned;
    },
    notTold: () => undefined,
    tellsAnew: () => undefined,
    writeSkeleton: async () => undefined,
    installApps: async () => undefined,
  };
  return context;
}
