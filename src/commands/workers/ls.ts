import { BaseCommand } from '../../cli/base-command.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import { START_A_WORKER } from '../../cli/terminal/worker-notice.ts';
import { listWorkers, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';

const HEAD = ['ID', 'HOST', 'PID', 'RUNNING', 'SINCE', 'WAITS FOR'];

export default class WorkersLs extends BaseCommand {
  static override summary = 'List the workers that live';

  static override description =
    'A worker that was killed is listed for up to 15 seconds more. WAITS FOR says what holds its work back.';

  static override examples = ['<%= config.bin %> <%= command.id %>'];

  static override aliases = ['workers:list'];

  async run(): Promise<WorkerState[]> {
    const { flags } = await this.parse(WorkersLs);
    const config = this.loadConfig(flags.config);
    const workers = await withFleet(config, ({ redis, keys }) => listWorkers(redis, keys));
    for (const line of rowsText(HEAD, workers.map(cells), this.live)) this.log(line);
    if (workers.length === 0) {
      this.logToStderr(`No worker is running. Start one: ${START_A_WORKER}`);
    }
    return workers;
  }
}

function cells({ id, host, pid, running, concurrency, startedAt, waitsFor }: WorkerState): string[] {
  const since = new Date(startedAt).toISOString().replace(/\.\d+Z$/, 'Z');
  return [id, host, String(pid), `${running}/${concurrency}`, since, waitsFor || '-'];
}
