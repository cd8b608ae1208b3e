/**
 * Starts a process whose files nobody but its user may read, whatever mask ours has: it inherits the mask of the
 * moment in which it is made.
 * @param start makes the process before it returns
 */
export function withPrivateUmask<T>(start: () => T): T {
  const before = process.umask(0o077);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}
