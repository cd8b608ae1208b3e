import { BaseCommand } from '../../cli/base-command.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import { WORKER_HEAD, workerCells } from '../../cli/terminal/worker-cells.ts';
import { START_A_WORKER } from '../../cli/terminal/worker-notice.ts';
import { listWorkers, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';

export default class WorkersLs extends BaseCommand {
  static override summary = 'List the workers that live';

  static override description =
    'WAITS FOR says what holds its work back or was found away. A worker that was killed, stopped or cut off is silent ' +
    'within 5 seconds, and listed for 15 seconds after its last sign of life.';

  static override examples = ['<%= config.bin %> <%= command.id %>'];

  static override aliases = ['workers:list'];

  async run(): Promise<WorkerState[]> {
    const { flags } = await this.parse(WorkersLs);
    const config = this.loadConfig(flags.config);
    const workers = await withFleet(config, ({ redis, keys }) => listWorkers(redis, keys));
    const now = Date.now();
    const rows = workers.map((worker) => workerCells(worker, now));
    for (const line of rowsText(WORKER_HEAD, rows, this.live)) this.log(line);
    if (workers.length === 0) {
      this.logToStderr(`No worker is running. Start one: ${START_A_WORKER}`);
    }
    return workers;
  }
}
