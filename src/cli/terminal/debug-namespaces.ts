/** Prints each command that it sends to Redis, and with it the password. */
const TELLS_PASSWORDS = '-ioredis*';

/** Whether a passphrase is among the words of a command line. */
function hasPassphrase(argv: readonly string[]): boolean {
  return argv.some((word) => /^--passphrase(=|$)|(^|:)set-passphrase$/.test(word));
}

/**
 * What `DEBUG` may ask for: libraries print the words of the command line, and what they send to Redis. Must be in
 * place before the first of them is loaded.
 * @param asked the value of `DEBUG`
 * @returns the value to be set; undefined for none
 */
export function allowedDebug(asked: string | undefined, argv: readonly string[]): string | undefined {
  if (asked === undefined || asked === '' || hasPassphrase(argv)) return undefined;
  return `${asked},${TELLS_PASSWORDS}`;
}

/** Has the environment of this process ask for no more than that. */
export function restrictDebug(env: NodeJS.ProcessEnv, argv: readonly string[]): void {
  const allowed = allowedDebug(env['DEBUG'], argv);
  if (allowed === undefined) delete env['DEBUG'];
  else env['DEBUG'] = allowed;
}
