/** What a Redis answers: texts, numbers, nothing, lists of them. A refusal is an Error within a list, too. */
export type Reply = string | number | null | Error | readonly Reply[];

/** A reply, and where the next one begins. */
interface Read<T> {
  readonly value: T;
  readonly next: number;
}

/** A command as a server of any age understands it. */
export function commandText(words: readonly (string | number)[]): string {
  const parts = words.map(String).map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${parts.length}\r\n${parts.join('')}`;
}

/**
 * Reads the reply that begins at this place, in the second version of the protocol.
 * @returns undefined where it has not arrived as a whole
 * @throws where it is no reply of a Redis
 */
export function readReply(bytes: Buffer, at = 0): Read<Reply> | undefined {
  const line = readLine(bytes, at);
  if (line === undefined) return undefined;
  const { value: text, next } = line;
  const rest = text.slice(1);
  switch (text.charAt(0)) {
    case '+':
      return { value: rest, next };
    case '-':
      return { value: new Error(rest), next };
    case ':':
      return { value: wholeNumber(rest), next };
    case '$':
      return readBulk(bytes, wholeNumber(rest), next);
    case '*':
      return readList(bytes, wholeNumber(rest), next);
    default:
      throw new Error('what is answered is not in the words of a Redis');
  }
}

function readLine(bytes: Buffer, at: number): Read<string> | undefined {
  const end = bytes.indexOf('\r\n', at);
  return end === -1 ? undefined : { value: bytes.toString('utf8', at, end), next: end + 2 };
}

function readBulk(bytes: Buffer, length: number, at: number): Read<Reply> | undefined {
  if (length < 0) return { value: null, next: at };
  const end = at + length;
  if (bytes.length < end + 2) return undefined;
  return { value: bytes.toString('utf8', at, end), next: end + 2 };
}

function readList(bytes: Buffer, length: number, at: number): Read<Reply> | undefined {
  if (length < 0) return { value: null, next: at };
  const values: Reply[] = [];
  let next = at;
  while (values.length < length) {
    const read = readReply(bytes, next);
    if (read === undefined) return undefined;
    values.push(read.value);
    next = read.next;
  }
  return { value: values, next };
}

function wholeNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error('what is answered is not in the words of a Redis');
  return Number(text);
}
