import { CouchError } from './couch-error.ts';

const LEGAL = /^[a-z][a-z0-9_$()+/-]*$/;
const SYSTEM = new Set(['_users', '_replicator', '_global_changes']);
const LONGEST = 238;

/** Refuses a database name as CouchDB does. */
export function checkName(name: string): void {
  if (!LEGAL.test(name) && !SYSTEM.has(name)) {
    throw new CouchError(
      400,
      'illegal_database_name',
      `Name: '${name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters ` +
        '_, $, (, ), +, -, and / are allowed. Must begin with a letter.',
    );
  }
  if (name.length > LONGEST) {
    const reason = `At least one path segment of \`${name}\` is too long.`;
    throw new CouchError(400, 'database_name_too_long', reason);
  }
}

/** The directory of a database: `/` becomes `!`, which no name may contain. */
export function toDirectoryName(name: string): string {
  return name.replaceAll('/', '!');
}

/** The database kept in a directory. */
export function toDatabaseName(directory: string): string {
  return directory.replaceAll('!', '/');
}
