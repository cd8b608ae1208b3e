/** A source of unpredictable bytes, such as `crypto.randomBytes`; tests hand in their own. */
export type RandomBytes = (size: number) => Buffer;
