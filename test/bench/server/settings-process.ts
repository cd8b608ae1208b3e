import { once } from 'node:events';
import { runBench } from '../../../bench/run-bench.ts';
import { changeSettings, KEN_OFF } from '../../../bench/server/server-settings.ts';

// Changes the settings of the server of its argument, says so, and does nothing until it is interrupted.

await runBench(async (interrupted, closers) => {
  closers.push(await changeSettings(process.argv[2] ?? '', KEN_OFF));
  const waiting = setInterval(() => undefined, 60_000);
  closers.push(() => clearInterval(waiting));
  const aborted = once(interrupted, 'abort');
  process.send?.('changed');
  await aborted;
  interrupted.throwIfAborted();
});
process.disconnect?.();
