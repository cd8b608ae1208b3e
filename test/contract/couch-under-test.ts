import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestCouch, type TestCouch } from '../support/servers.ts';

type JsonObject = Record<string, unknown>;

const PATIENCE_MS = 3000;

/** What the server answered. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;

  constructor(status: number, headers: Headers, body: unknown) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /** A text in the answer, such as `rev`. */
  text(key: string): string {
    const value = isObject(this.body) ? this.body[key] : undefined;
    if (typeof value !== 'string') throw new Error(`no text "${key}" in ${JSON.stringify(this.body)}`);
    return value;
  }

  /** The objects listed in the answer, or under a key of it. */
  list(key?: string): JsonObject[] {
    const value = key === undefined ? this.body : isObject(this.body) ? this.body[key] : undefined;
    if (!Array.isArray(value)) throw new Error(`no list in ${JSON.stringify(this.body)}`);
    return value.filter(isObject);
  }

  /** One member of each listed object. */
  pluck(key: string, member: string): unknown[] {
    return this.list(key).map((row) => row[member]);
  }
}

/** The server a contract test talks to, and the databases it has made there. */
export class CouchUnderTest {
  #server: TestCouch | undefined;
  readonly #prefix = `contract${randomBytes(5).toString('hex')}`;
  #made = new Set<string>();
  #count = 0;

  get server(): TestCouch {
    if (!this.#server) throw new Error('the server is started by a hook');
    return this.#server;
  }

  /** A name nobody else uses, removed after the suite. */
  newName(suffix = 'db'): string {
    this.#count += 1;
    const name = `${this.#prefix}/${this.#count}-${suffix}`;
    this.#made.add(name);
    return name;
  }

  /** Makes a database of its own. */
  async newDatabase(suffix?: string): Promise<string> {
    const name = this.newName(suffix);
    const { status, body } = await this.put(at(name));
    if (status !== 201) throw new Error(`no database: ${status} ${JSON.stringify(body)}`);
    return name;
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  put(path: string, body?: unknown): Promise<Answer> {
    return this.send('PUT', path, body);
  }

  post(path: string, body: unknown = {}): Promise<Answer> {
    return this.send('POST', path, body);
  }

  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path);
  }

  /** Sends one request; without credentials when `authorization` is empty. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    authorization = this.server.authorization,
  ): Promise<Answer> {
    const response = await fetch(`${this.server.origin}/${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(authorization === '' ? {} : { authorization }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return new Answer(response.status, response.headers, text === '' ? undefined : JSON.parse(text));
  }

  /** Repeats what a real server does not manage at once, such as a PUT just after a DELETE. */
  async eventually(action: () => Promise<Answer>, wanted: number): Promise<Answer> {
    const deadline = Date.now() + (this.server.real ? PATIENCE_MS : 0);
    for (;;) {
      const answer = await action();
      if (answer.status === wanted || Date.now() >= deadline) return answer;
      await delay(100);
    }
  }

  async start(): Promise<void> {
    this.#server = await startTestCouch();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#made].map((name) => this.delete(at(name))));
    await this.server.close();
  }
}

/** Starts the server before the suite, and tidies up after it. */
export function couchUnderTest(): CouchUnderTest {
  const couch = new CouchUnderTest();
  before(() => couch.start());
  after(() => couch.close());
  return couch;
}

/** The path of a database, or of something in it. */
export function at(name: string, rest = ''): string {
  return `${encodeURIComponent(name)}${rest === '' ? '' : `/${rest}`}`;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
