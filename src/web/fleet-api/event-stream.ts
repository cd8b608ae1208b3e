import { Readable } from 'node:stream';

/** How events go to one client. */
export interface StreamLimits {
  /** Milliseconds between two comments, which keep proxies from closing a silent stream. */
  readonly heartbeatMs: number;
  /** Milliseconds for which a client may read nothing although something waits for it. */
  readonly patienceMs: number;
}

/** What a browser waits before it connects again, in milliseconds. */
const RECONNECT_MS = 2_000;

/** An event that tells the whole of something, so that a newer one takes the place of one that was not sent yet. */
export interface StreamEvent {
  readonly event: string;
  readonly id: string;
  /** JSON, in one line. */
  readonly data: string;
}

/**
 * Server-sent events for one client, as the text that goes out. At most one event waits for a client that reads slowly,
 * the newest; one that reads nothing for long is dropped.
 */
export class EventStream extends Readable {
  readonly #timer: NodeJS.Timeout;
  readonly #patienceMs: number;
  #state: 'open' | 'ending' | 'ended' = 'open';
  #waiting: StreamEvent | undefined;
  /** Since when nothing was read; undefined while the client keeps up. */
  #blockedSince: number | undefined;

  constructor({ heartbeatMs, patienceMs }: StreamLimits) {
    super({ encoding: 'utf8' });
    this.#patienceMs = patienceMs;
    this.#timer = setInterval(() => this.#beat(), heartbeatMs);
    this.#write(`retry: ${RECONNECT_MS}\n\n`);
  }

  /** Sends it now, or once the client has read what came before. */
  tell(event: StreamEvent): void {
    if (this.#state !== 'open' || this.destroyed) return;
    this.#waiting = event;
    this.#flush();
  }

  /** Sends what waits and that it was the last, then ends. */
  finish(): void {
    if (this.#state !== 'open' || this.destroyed) return;
    this.#state = 'ending';
    this.#flush();
  }

  override _read(): void {
    this.#blockedSince = undefined;
    this.#flush();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#timer);
    done(error);
  }

  #flush(): void {
    if (this.#blockedSince !== undefined || this.#state === 'ended') return;
    const event = this.#waiting;
    this.#waiting = undefined;
    if (event !== undefined) this.#write(textOf(event));
    if (this.#state === 'open') return;
    this.#state = 'ended';
    this.push('event: end\ndata: {}\n\n');
    this.push(null);
    // What was not read by then is not waited for much longer.
    this.#blockedSince = performance.now();
  }

  #write(text: string): void {
    if (!this.push(text)) this.#blockedSince = performance.now();
  }

  #beat(): void {
    if (this.#blockedSince === undefined) this.#write(': \n\n');
    else if (performance.now() - this.#blockedSince >= this.#patienceMs) this.destroy();
  }
}

function textOf({ event, id, data }: StreamEvent): string {
  return `event: ${event}\nid: ${id}\ndata: ${data}\n\n`;
}
