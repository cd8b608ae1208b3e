import { CouchError } from './couch-error.ts';
import type { Pouch } from './pouch-types.ts';

/** CouchDB's sequences are texts which nobody should calculate with; they name the very database that they are of. */
export async function sequenceText(pouch: Pouch, sequence: number): Promise<string> {
  return `${sequence}-${await lifeOf(pouch)}`;
}

/** As CouchDB, it begins anew for a sequence of an earlier database of that name. */
export async function sequenceOf(pouch: Pouch, text: string): Promise<number> {
  const [number = '', life] = text.replaceAll('"', '').split('-');
  const sequence = Number.parseInt(number, 10);
  if (Number.isNaN(sequence)) throw new CouchError(400, 'bad_request', 'Malformed sequence supplied');
  if (life !== undefined && life !== (await lifeOf(pouch))) return 0;
  return sequence > (await pouch.info()).update_seq ? 0 : sequence;
}

async function lifeOf(pouch: Pouch): Promise<string> {
  return (await pouch.id()).replaceAll('-', '');
}
