import { SingleFlight } from './single-flight.ts';

/** Answers that are good for a while; asked for once at a time, and never kept when they are errors. */
export class Recent<T> {
  readonly #milliseconds: number;
  readonly #now: () => number;
  readonly #answers = new Map<string, { readonly answer: T; readonly until: number }>();
  readonly #asking = new SingleFlight<T>();

  constructor(milliseconds: number, now: () => number) {
    this.#milliseconds = milliseconds;
    this.#now = now;
  }

  /** @param work asks for it; called when no recent answer is there */
  async get(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const known = this.#answers.get(key);
    if (known !== undefined && known.until > this.#now()) return known.answer;
    return await this.#asking.run(
      key,
      async (shared) => {
        const answer = await work(shared);
        this.#forgetOld();
        this.#answers.set(key, { answer, until: this.#now() + this.#milliseconds });
        return answer;
      },
      signal,
    );
  }

  forget(key: string): void {
    this.#answers.delete(key);
  }

  #forgetOld(): void {
    const now = this.#now();
    for (const [key, { until }] of this.#answers) if (until <= now) this.#answers.delete(key);
  }
}
