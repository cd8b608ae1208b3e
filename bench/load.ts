import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

/** One request of a load: which server, and which host. */
export interface Shot {
  readonly port: number;
  readonly host: string;
  readonly kind: string;
}

/** What came of all requests of one kind. */
export interface Shots {
  /** Milliseconds from the time at which each was due to the end of its answer. */
  readonly times: number[];
  /** How many were answered with each status; 0 = not at all. */
  readonly statuses: Map<number, number>;
}

export interface LoadOptions {
  readonly ports: readonly number[];
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  /** @param at number of the request, from 0 */
  shot(at: number): Shot;
  readonly signal: AbortSignal;
}

/** Connections to each server. */
const CONNECTIONS = 48;

/** Milliseconds between two bursts. */
const TICK_MS = 5;

/**
 * Sends requests at a fixed rate, whether or not those before were answered, so that a server that is slow is not spared.
 * A time begins when the request was due: it has in it what the sender itself was late.
 */
export async function load({ ports, rate, seconds, shot, signal }: LoadOptions): Promise<Map<string, Shots>> {
  const pools = new Map(ports.map((port) => [port, openPool(port)]));
  const results = new Map<string, Shots>();
  const under = new Set<Promise<void>>();

  async function fire({ port, host, kind }: Shot, due: number): Promise<void> {
    const shots = results.get(kind) ?? { times: [], statuses: new Map<number, number>() };
    results.set(kind, shots);
    let status = 0;
    try {
      const answer = await pools.get(port)?.request({ path: '/', method: 'GET', headers: { host } });
      await answer?.body.dump();
      status = answer?.statusCode ?? 0;
    } catch {
      // Counted as no answer.
    }
    shots.times.push(performance.now() - due);
    shots.statuses.set(status, (shots.statuses.get(status) ?? 0) + 1);
  }

  const begun = performance.now();
  const total = rate * seconds;
  try {
    for (let sent = 0; sent < total; ) {
      const wanted = Math.min(total, Math.ceil(((performance.now() - begun) / 1_000) * rate));
      for (; sent < wanted; sent += 1) {
        const shooting = fire(shot(sent), begun + (sent / rate) * 1_000);
        under.add(shooting);
        void shooting.then(() => under.delete(shooting));
      }
      await sleep(TICK_MS, undefined, { signal });
    }
    await Promise.all(under);
  } finally {
    for (const pool of pools.values()) await pool.destroy();
  }
  return results;
}

function openPool(port: number): Pool {
  return new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS });
}
