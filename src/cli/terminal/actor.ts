import { hostname, userInfo } from 'node:os';
import type { Author } from '../../jobs/kinds/author.ts';

/** Who runs this command, for the record: `user@host`. */
export function currentActor(): string {
  return `${userName()}@${hostname()}`;
}

/** A container may run as a uid that no user has. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** The same, with the reason that was given. */
export function currentAuthor(reason = ''): Author {
  return { by: currentActor(), reason };
}
