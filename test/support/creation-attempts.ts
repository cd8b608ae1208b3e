import { randomUUID } from 'node:crypto';
import type { CouchServer } from '../../src/couchdb/server.ts';
import type { DesignSource } from '../../src/instances/databases/design-source.ts';
import type { RawOptions } from '../../src/instances/options/flags.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import { parseInstanceOptions } from '../../src/instances/options/parse-options.ts';
import { createPoolStore } from '../../src/instances/pool/pool-store.ts';
import type { Progress } from '../../src/jobs/queue/progress.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { runCreation } from '../../src/workers/create/run-creation.ts';
import { createPool } from '../../src/workers/pool/create-pool.ts';
import { createLatestWriter } from '../../src/workers/stage/latest-writer.ts';
import { LostLock } from '../../src/workers/stage/lease.ts';
import type { Services } from '../../src/workers/stage/services.ts';
import { silentLog } from './test-log.ts';
import { testServices } from './test-services.ts';

/** What a worker does beyond itself: a call of CouchDB, or `record` for its progress in Redis. */
export type Step = (name: string, args: readonly unknown[], go: () => unknown) => unknown;

/** What came of a creation that was tried by hand. */
export type AttemptEnd = Awaited<ReturnType<typeof runCreation>>;

export interface TriedCreation {
  readonly jobId: string;
  readonly options: InstanceOptions;
  /** As Redis has it. */
  readonly progress: Progress;
  /**
   * One attempt of the job, by a worker of its own. What fails there fails here.
   * @param around stands between the worker and all that it does beyond itself
   */
  attempt(around?: Step, given?: AttemptGiven): Promise<AttemptEnd>;
}

export interface AttemptGiven {
  /** Of `fleet.pool`; 0 = the worker has no pool. */
  readonly size?: number;
  readonly reserve?: number;
  readonly isRow?: boolean;
  /** How often an operator had it tried again. */
  readonly generation?: number;
  /** Services that are told of new instances, by context. */
  readonly commonSettings?: Services['commonSettings'];
  /** Whether its worker still has the job's lock by its clock. */
  isHeld?(): boolean;
}

export interface AttemptPlaces {
  readonly server: CouchServer;
  readonly storage: Storage;
  readonly designs: DesignSource;
  /** `fleet.prefix` of the worker. */
  readonly fleet?: string;
}

/** A creation whose attempts a test runs itself, without a queue, so that each can end wherever the test wants it to. */
export function triedCreation(places: AttemptPlaces, raw: RawOptions): TriedCreation {
  const { server, storage, designs, fleet = 'fleet' } = places;
  const { options } = parseInstanceOptions(raw, { subdomains: 'nested', clusters: 1 });
  const jobId = randomUUID();
  let recorded: Progress = { stages: [] };
  return {
    jobId,
    options,
    get progress() {
      return recorded;
    },
    async attempt(around = (_name, _args, go) => go(), given = {}) {
      const { size = 100, reserve = 0, isRow = false, generation = 0, isHeld = () => true } = given;
      const { commonSettings = {} } = given;
      const couch = stepping(server, around);
      // Once a worker: those of the test's own server.
      const ofServer: DesignSource = { of: (_couch, signal) => designs.of(server, signal) };
      const store = createPoolStore(couch);
      const parts = { store, fleet, cluster: () => couch, designs: ofServer, q: undefined, n: undefined };
      const pool = createPool({ ...parts, settings: { size, low: 0, reserve } });
      let progress = recorded;
      const writer = createLatestWriter<Progress>(async (next) => {
        await around('record', [next], () => {
          recorded = next;
        });
      }, Promise.resolve());
      let beside = Promise.resolve();
      return await runCreation(
        {
          services: { ...testServices(couch, { storage, designs: ofServer }), pool, commonSettings },
          jobId,
          sealKey: '',
          lease: {
            assertHeld() {
              if (!isHeld()) throw new LostLock();
            },
          },
          signal: new AbortController().signal,
          log: silentLog(),
          progress: () => progress,
          outlastDead: async () => undefined,
          standAside: async () => false,
          record(next) {
            progress = next;
            return writer.write(next);
          },
          recorded: writer.settled,
          remember(next) {
            progress = next;
          },
          besideEnd(work) {
            beside = work;
          },
          over: () => beside,
        },
        {
          v: 1,
          kind: 'create',
          generation,
          tries: 8,
          options,
          ...(isRow && { batch: { id: '1', row: 1 } }),
        },
      ).finally(() => beside);
    },
  };
}

/** The server, with something around each of its calls. */
function stepping(server: CouchServer, around: Step): CouchServer {
  return new Proxy(server, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) =>
        await around(String(name), args, () => Reflect.apply(member, target, args));
    },
  });
}

/**
 * A worker that is killed at its n-th step, counted from 0, and does nothing any more from there on.
 * @param isDone whether what it asked for is done all the same
 */
export function killedAt(n: number, isDone: boolean): Step & { readonly wasKilled: () => boolean } {
  let steps = 0;
  const step: Step = async (_name, _args, go) => {
    const at = steps;
    steps += 1;
    if (at < n) return await go();
    if (at === n && isDone) await go();
    throw new LostLock();
  };
  return Object.assign(step, { wasKilled: () => steps > n });
}
