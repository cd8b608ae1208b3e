import { pause } from '../pause.ts';
import { onAbort } from './on-abort.ts';

/** What came of logging in; `unknown` when CouchDB did not say. */
export type LoginOutcome = 'accepted' | 'refused' | 'unknown';

/** Whether to log in now; times are milliseconds from now. */
export type Permission =
  /** Log in, and tell what came of it. */
  | { readonly state: 'try' }
  /** No need to: it went well a moment ago. */
  | { readonly state: 'go' }
  /** Another client is trying at this moment. */
  | { readonly state: 'busy' }
  /** Not now: it was refused, or others have been refused too often. */
  | { readonly state: 'wait'; readonly ms: number };

/** Where all clients that log in to one CouchDB with one user and password ask before, and say what came of it. */
export interface LoginBook {
  ask(): Promise<Permission>;
  /** What came of a `try`. */
  tell(outcome: LoginOutcome): Promise<void>;
  /** An answer to a request that was sent so many milliseconds ago. @returns when to try again, from now */
  wasRefused(age: number): Promise<number>;
}

/** Our user and password were refused, or may not be tried now: nothing was sent. */
export class LoginHeld extends Error {
  /** When they are tried next, in milliseconds since 1970. */
  readonly nextTry: number;

  constructor(nextTry: number) {
    super('our user or password was refused');
    this.name = new.target.name;
    this.nextTry = nextTry;
  }
}

/** How long an accepted login lets further requests pass without asking the book, in milliseconds. */
export const PROOF_LIFETIME_MS = 1_000;

/** Time between two tries with a user and password that were refused, in milliseconds. */
export const LOGIN_RETRY_MS = 150_000;

/** Times that are no further apart are one and the same, in milliseconds. */
const SAME_TIME_MS = 1_000;

/** Milliseconds between two looks whether another client's login went well. */
const BUSY_POLL_MS = 20;

/**
 * What every request to one CouchDB goes through. As long as answers come it is open; after a silence one
 * login goes ahead of the requests; and once the password was refused nothing is sent any more, until it is
 * time for another try. Five wrong passwords lock an account for everybody behind our address
 * (`ARCHITECTURE.md` §4.2).
 */
export interface LoginGate {
  /** When our user and password are tried next, in milliseconds since 1970; undefined unless they were refused. */
  readonly nextTry: number | undefined;
  /** Whether requests may pass without asking. */
  readonly isOpen: boolean;
  /** Resolves when a request may pass. @throws LoginHeld, or the signal's reason */
  enter(signal?: AbortSignal): Promise<void>;
  /** A request was let in. */
  accepted(): void;
  /** Something speaks for it that we are not let in any more: a login goes ahead of the next request. */
  doubt(): void;
  /** A request that was sent so many milliseconds ago was refused. */
  refused(age: number): Promise<void>;
  /** Asks whether it may be tried again by now, or whether another has been let in. @throws as `enter` */
  again(signal?: AbortSignal): Promise<void>;
}

export interface LoginGateOptions {
  readonly book: LoginBook;
  /** One request that needs nothing but user and password. @throws the signal's reason */
  logIn(signal?: AbortSignal): Promise<LoginOutcome>;
  /** Milliseconds since 1970. */
  now?(): number;
}

export function createLoginGate({ book, logIn, now = Date.now }: LoginGateOptions): LoginGate {
  let provenAt = Number.NEGATIVE_INFINITY;
  let nextTry: number | undefined;
  let proving: Promise<void> | undefined;

  function hold(ms: number): void {
    const at = now() + ms;
    // By another clock the same time is off by some milliseconds: that is no news.
    if (nextTry === undefined || Math.abs(at - nextTry) > SAME_TIME_MS) nextTry = at;
    provenAt = Number.NEGATIVE_INFINITY;
  }
  function open(): void {
    nextTry = undefined;
    provenAt = now();
  }
  /**
   * By the clock that people set: one that never jumps may stand still while a machine sleeps, and hide a silence. Where it was set
   * back, nothing is proven any more.
   */
  function isOpen(): boolean {
    const age = now() - provenAt;
    return nextTry === undefined && age >= 0 && age < PROOF_LIFETIME_MS;
  }
  const refuse = () => {
    if (nextTry !== undefined) throw new LoginHeld(nextTry);
  };

  /** Finds out once for all requests that wait; where the signal of one ends it, the next one begins anew. */
  async function prove(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const permission = await book.ask();
      signal?.throwIfAborted();
      switch (permission.state) {
        case 'go':
          return open();
        case 'wait':
          return hold(permission.ms);
        case 'try':
          return await tryOnce(signal);
        case 'busy':
          await pause(BUSY_POLL_MS, signal);
      }
    }
  }

  async function tryOnce(signal: AbortSignal | undefined): Promise<void> {
    let outcome: LoginOutcome = 'unknown';
    try {
      outcome = await logIn(signal);
    } finally {
      await book.tell(outcome);
    }
    if (outcome === 'refused') hold(LOGIN_RETRY_MS);
    // Without an answer to the login the requests go ahead, and get none either.
    else if (outcome === 'accepted' || nextTry === undefined) open();
  }

  async function awaitLogin(signal: AbortSignal | undefined): Promise<void> {
    if (proving === undefined) {
      const mine = prove(signal);
      proving = mine.then(
        () => undefined,
        () => undefined,
      );
      void proving.then(() => {
        proving = undefined;
      });
      await mine;
    } else {
      await abortable(proving, signal);
    }
  }

  async function pass(signal: AbortSignal | undefined): Promise<void> {
    while (!isOpen()) {
      if (nextTry !== undefined && nextTry > now()) refuse();
      await awaitLogin(signal);
      refuse();
    }
  }

  return {
    get nextTry() {
      return nextTry;
    },
    get isOpen() {
      return isOpen();
    },
    enter: pass,
    accepted() {
      if (nextTry === undefined) provenAt = now();
    },
    doubt() {
      provenAt = Number.NEGATIVE_INFINITY;
    },
    async refused(age) {
      if (nextTry !== undefined && nextTry > now()) return;
      hold(LOGIN_RETRY_MS);
      hold(await book.wasRefused(age));
    },
    async again(signal) {
      if (!isOpen()) await awaitLogin(signal);
      refuse();
    },
  };
}

async function abortable(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return await work;
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal.reason));
    void work.then(() => {
      forget();
      resolve();
    });
  });
}

/** A book of one process, for where there is no other to keep: without Redis, or when it does not answer. */
export function createLocalBook(now: () => number = Date.now): LoginBook {
  let nextTry = 0;
  return {
    async ask() {
      const ms = nextTry - now();
      return ms > 0 ? { state: 'wait', ms } : { state: 'try' };
    },
    async tell(outcome) {
      if (outcome === 'refused') nextTry = now() + LOGIN_RETRY_MS;
    },
    async wasRefused() {
      nextTry = now() + LOGIN_RETRY_MS;
      return LOGIN_RETRY_MS;
    },
  };
}
