import { Readable } from 'node:stream';
import type { StoredInstance } from '../../../instances/documents/instance-document.ts';
import { instanceResource } from './instance-json.ts';

/** Which instances are asked for. */
export interface Page {
  /** Most instances of the answer; 0 for all that there are. */
  readonly limit: number;
  /** Instances that are passed over first; only where there is a limit. */
  readonly skip: number;
  /** Id of the first one; undefined to begin at the first of all. Only where there is a limit. */
  readonly cursor: string | undefined;
}

/**
 * The document of a list, written while it is read: a platform may have many instances. The first is waited for, so
 * that a CouchDB that is away is still told as an error.
 * @param instances all of them in the order of their ids, beginning with that id
 */
export async function instanceList(
  instances: (from?: string) => AsyncGenerator<StoredInstance>,
  page: Page,
): Promise<Readable> {
  const all = instances(page.limit > 0 ? page.cursor : undefined);
  const first = await all.next();
  return Readable.from(written(first, all, page));
}

async function* written(
  first: IteratorResult<StoredInstance>,
  rest: AsyncGenerator<StoredInstance>,
  { limit, skip }: Page,
): AsyncGenerator<string> {
  try {
    let [passed, count, next] = [0, 0, ''];
    yield '{"data":[';
    for (let each = first; !each.done; each = await rest.next()) {
      if (limit > 0 && passed < skip) {
        passed += 1;
        continue;
      }
      if (limit > 0 && count === limit) {
        next = each.value._id;
        break;
      }
      yield `${count === 0 ? '' : ','}${JSON.stringify(instanceResource(each.value))}`;
      count += 1;
    }
    const links = next === '' ? '' : `"links":${JSON.stringify({ next: nextPage(limit, next) })},`;
    yield `],${links}"meta":{"count":${count}}}\n`;
  } finally {
    await rest.return(undefined);
  }
}

/** Written as a stack does. */
function nextPage(limit: number, cursor: string): string {
  return `/instances?page[limit]=${limit}&page[cursor]=${cursor}`;
}
