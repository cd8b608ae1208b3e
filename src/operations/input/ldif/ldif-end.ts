/** What the end of an LDIF says of its being whole. */
export type LdifEnd =
  /** The directory says that this was all, and as many entries are there as it says. */
  | { readonly state: 'whole'; readonly entries: number }
  /** Something is known to be missing; why, in a sentence without a full stop. */
  | { readonly state: 'partial'; readonly why: string }
  /** Nothing says that this is all. */
  | { readonly state: 'unproven' };

/** One answer of the directory; with paged results there are several. */
interface Page {
  entries: number;
  hasResult: boolean;
  isSuccess: boolean;
  hasMore: boolean;
  responses: number | undefined;
  counted: number | undefined;
}

const newPage = (): Page => ({
  entries: 0,
  hasResult: false,
  isSuccess: false,
  hasMore: false,
  responses: undefined,
  counted: undefined,
});

const COUNT = /^# num(Responses|Entries): (\d{1,9})$/;
const COOKIE = /(?:^|\s)cookie=(.*)$/;

/**
 * Follows what `ldapsearch` writes around the entries: a result for each page, whether there is another page, and how many entries
 * it was. All of it has to be there: a file that was cut between a result and what follows it looks like the end of a page
 * that was not the last one.
 */
export class LdifEndReader {
  #page = newPage();
  #entries = 0;
  #partial: string | undefined;

  entry(): void {
    this.#turnPage();
    this.#page.entries += 1;
    this.#entries += 1;
  }

  /** A line of a record that is no entry. */
  told(name: string, value: string): void {
    if (name === 'result') {
      this.#turnPage();
      this.#page.hasResult = true;
      this.#page.isSuccess = value === '0 Success';
      const [, code] = /^(\d{1,5})(?:\s|$)/.exec(value) ?? [];
      if (code !== undefined && Number(code) !== 0)
        this.#note(`the directory answered "result: ${value.slice(0, 80)}"`);
    }
    if (name === 'pagedresults') {
      const [, cookie] = COOKIE.exec(value) ?? [];
      this.#page.hasMore = cookie !== '';
    }
    if (name === 'ref') this.#note('the directory refers to another one for a part of it');
  }

  comment(text: string): void {
    const [, what, number] = COUNT.exec(text) ?? [];
    if (what === 'Responses') this.#page.responses = Number(number);
    if (what === 'Entries') this.#page.counted = Number(number);
  }

  get end(): LdifEnd {
    if (this.#partial !== undefined) return { state: 'partial', why: this.#partial };
    if (this.#page.hasMore) return { state: 'partial', why: 'a further page of results is missing' };
    return this.#isWholePage() ? { state: 'whole', entries: this.#entries } : { state: 'unproven' };
  }

  /** Begins the next page, where this one has ended. */
  #turnPage(): void {
    if (!this.#page.hasResult && this.#page.responses === undefined) return;
    if (!this.#isWholePage() || !this.#page.hasMore) this.#note('something follows what should be its end');
    this.#page = newPage();
  }

  #isWholePage(): boolean {
    const { isSuccess, responses, counted = 0, entries } = this.#page;
    return isSuccess && responses === entries + 1 && counted === entries;
  }

  #note(why: string): void {
    this.#partial ??= why;
  }
}
