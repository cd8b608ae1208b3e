/** Words with which a Redis says that it cannot be written to now, although it answers. */
const NOT_NOW = [
  'READONLY',
  'LOADING',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'NOREPLICAS',
  'MISCONF',
] as const;

const SAYS_NOT_NOW = new RegExp(`(^|[\\s:-])(${NOT_NOW.join('|')}) `);

/**
 * Whether a Redis refused a command for what it is at this moment: a replica since a failover, still
 * loading, cut off, without the replicas or the disk that it must have to take writes. An older Redis says so in the middle of the text when a script met it.
 */
export function isNotNow({ message }: Error): boolean {
  return SAYS_NOT_NOW.test(message);
}

/** Whether the server holds another connection to be the right one: it may be a replica by now. */
export function wantsAnotherServer({ message }: Error): boolean {
  return /(^|[\s:-])(READONLY|LOADING|MASTERDOWN) /.test(message);
}

/** Of an error that a Redis answered, the command that it was an answer to, in lower case. */
export function refusedCommand(error: Error): string | undefined {
  if (!('command' in error) || typeof error.command !== 'object' || error.command === null) return undefined;
  return 'name' in error.command ? String(error.command.name).toLowerCase() : undefined;
}

/** Of a transaction that was given up, the first refusal of one of its commands: it does not say so itself. */
export function abortedBy(error: Error): Error | undefined {
  if (!error.message.startsWith('EXECABORT')) return undefined;
  if (!('previousErrors' in error) || !Array.isArray(error.previousErrors)) return undefined;
  return error.previousErrors.find((each) => each instanceof Error);
}

/** Names that ioredis gives to the errors of commands which no server has answered. */
const LOST = ['MaxRetriesPerRequestError', 'ClusterAllFailedError', 'AbortError'];

/** How it words the others. */
const LOST_WORDS =
  /^(Connection is closed\.|Command timed out|Socket timeout|Stream isn't writeable|Cluster isn't ready|None of startup nodes|All sentinels are unreachable|Too many Cluster redirections|UNBLOCKED )/;

/** Whether a command failed because there was no Redis to answer it, or none that could do it now. */
export function isRedisAway(error: Error): boolean {
  const { name, message } = error;
  if (name === 'AbortError') return message.startsWith('Command aborted') || message === 'Cluster is ended.';
  if (LOST.includes(name) || LOST_WORDS.test(message)) return true;
  // A client that looks for another server takes the commands of the transaction back itself.
  const cause = abortedBy(error);
  if (cause !== undefined) return isRedisAway(cause);
  return name === 'ReplyError' && isNotNow(error);
}
