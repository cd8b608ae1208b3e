import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../logger.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/**
 * Tidies up for no longer than a stop may take.
 * @returns the exit code: `failed` where not all was tidied up
 */
export async function withinGrace(
  stop: () => Promise<void>,
  graceSeconds: number,
  log: Log,
): Promise<ExitCode> {
  const grace = sleep(graceSeconds * 1000, EXIT.failed, { ref: false });
  const tidied = stop().then(
    () => EXIT.done,
    (error: unknown) => {
      log.error('stopping', { error });
      return EXIT.failed;
    },
  );
  return await Promise.race([tidied, grace]);
}
