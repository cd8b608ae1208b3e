/** Flags of a context as a stack gave them: by their names what the document had, what each letter stands for, and what each instance got (none where there is a dot). */
export interface RecordedFlag {
  readonly items: unknown;
  readonly values: Readonly<Record<string, unknown>>;
  readonly got: string;
}

/** `_id` of the instance at that place, from 0. */
export function recordedId(at: number): string {
  return `${String(at).padStart(4, '0')}${'c0ffee'.repeat(4)}abcd`;
}

/** Recorded with a stack 1.6.58 on x86: `GET /settings/flags` of 50 instances, in this order. */
export const RECORDED: Readonly<Record<string, RecordedFlag>> = {
  tenth: {
    items: [
      { ratio: 0.1, value: 1 },
      { ratio: 0.2, value: 2 },
      { ratio: 0.4, value: 4 },
    ],
    values: { a: 1, b: 2, c: 4 },
    got: '.b.cc.b.b.ccb..bcccca.bccb.a.acc.bb.cccc.acbbca.a.',
  },
  half: {
    items: [{ ratio: 0.5, value: 'x' }],
    values: { a: 'x' },
    got: '....aaaaaaaaaa..........aaaaaaaaaa......aaaa......',
  },
  nulled: {
    items: [
      { ratio: 0.5, value: null },
      { ratio: 0.5, value: 'y' },
    ],
    values: { a: 'y' },
    got: 'a..aa..aa..aa..aa..a.aa..aa..aa..aa..aa.a..aa..aa.',
  },
  odd: {
    items: [
      7,
      null,
      ['a'],
      { value: 'no ratio' },
      { ratio: '1', value: 'text' },
      { ratio: 0, value: 'zero' },
      { ratio: 0.3, value: ['l'] },
      { ratio: 1, value: { o: false } },
    ],
    values: { a: ['l'], b: { o: false } },
    got: 'bbbbbaaabbbbbbbbaabbbbbbaabbbbbbbbaababbaabbbbbbbb',
  },
  beyond: {
    items: [
      { ratio: 1.5, value: 'much' },
      { ratio: 1, value: 'rest' },
    ],
    values: { a: 'much', b: 'rest' },
    got: 'abbaabbaabbaabbaabbabaabbaabbaabbaabbaababbaabbaab',
  },
  below: {
    items: [
      { ratio: -0.25, value: 'less' },
      { ratio: 0.5, value: 'more' },
    ],
    values: { a: 'less', b: 'more' },
    got: 'abaaaababaaabaabaaaabaaaaaababaaabbaaaaaabaaaababa',
  },
  'é "quoted"': {
    items: [{ ratio: 0.5, value: true }],
    values: { a: true },
    got: '.a.a.a.a.aa.a.a.a.a.a.a.a.a.a..a.a.a.a.aa.a.a.a.a.',
  },
  scalar: { items: true, values: {}, got: '..................................................' },
  empty: { items: [], values: {}, got: '..................................................' },
  one: {
    items: [{ ratio: 1, value: 0 }],
    values: { a: 0 },
    got: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  },
  huge: {
    items: [
      { ratio: 1000000000000, value: 'h' },
      { ratio: 1, value: 'i' },
    ],
    values: { a: 'i' },
    got: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  },
};
