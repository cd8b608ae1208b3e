import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { logFlags, openStderrLog } from '../../cli/flags/log-flags.ts';
import { listenForStop } from '../../cli/terminal/stop-requests.ts';
import { withinGrace } from '../../cli/terminal/within-grace.ts';
import type { Config } from '../../config/config.ts';
import { connectFleetRedis, openRedisWarning } from '../../jobs/redis/connect-fleet-redis.ts';
import type { Log } from '../../logger.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { whileAway } from '../../operations/connect/while-away.ts';
import { notifyParent } from '../../parent-message.ts';
import { fileStorage } from '../../storage/file-storage.ts';
import { checkStorageOwner } from '../../storage/storage-owner.ts';
import type { WorkerView } from '../../web/health/health-routes.ts';
import { startWorkersServer, type WorkersServer } from '../../web/health/workers-server.ts';
import { httpUrl, isLoopback } from '../../web/http/addresses.ts';
import { connectWorker } from '../../workers/connect.ts';

/** Nobody but this machine is told anything unless that is wanted. */
const HTTP_HOST = '127.0.0.1';

export default class WorkersStart extends BaseCommand {
  static override summary = 'Start a worker, which makes the instances that wait in the queue';

  static override description =
    'Any number of workers may run, on any machine that reaches Redis, CouchDB and the storage. ' +
    'SIGTERM or Ctrl-C stops it: running jobs go back to the queue at their next safe point. ' +
    'A second signal leaves at once.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --concurrency 8 --log-format json',
    '<%= config.bin %> <%= command.id %> --http-port 9464',
  ];

  static override enableJsonFlag = false;

  static override flags = {
    concurrency: Flags.integer({ summary: 'Jobs at a time; fleet.concurrency otherwise', min: 1, max: 256 }),
    ...logFlags,
    'http-port': Flags.integer({
      summary: 'Port for /health/live, /health/ready and /metrics of this worker; none unless given',
      min: 0,
      max: 65_535,
    }),
    'http-host': Flags.string({
      summary: `Address for them [default: ${HTTP_HOST}]`,
      dependsOn: ['http-port'],
    }),
    'wait-for-servers': Flags.boolean({
      summary: 'Wait when Redis or CouchDB does not answer yet, rather than end',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkersStart);
    const config = this.loadConfig(flags.config, { 'fleet.concurrency': flags.concurrency });
    // Stdout is for results.
    const log = openStderrLog(flags, config);
    const stop = listenForStop();
    let view: WorkerView = () => ({ waitsFor: '' });
    const http = await this.serveHealth(flags, config, log, () => view()).catch((error: unknown) => {
      stop.close();
      throw error;
    });

    const connect = async () => {
      await fileStorage(config.storage.root).probe();
      const warning = await checkStorageOwner(config.storage.root);
      if (warning !== undefined) log.warn("another user than the stack's", { reason: warning });
      await checkServers(config);
      const openRedis = await openRedisWarning(config.fleet);
      if (openRedis !== undefined) log.warn('open to others', { target: 'Redis', reason: openRedis });
      return await connectWorker({ config, log, onWork: (event) => http?.note(event) });
    };
    const waiting = (reason: string) => {
      log.warn('waiting', { reason });
      view = () => ({ waitsFor: reason });
      notifyParent({ state: 'waiting', reason });
    };
    const starting = flags['wait-for-servers'] ? whileAway(connect, waiting, stop.signal) : connect();
    // Who listens, be it to requests or to the process that started it, keeps itself alive, and has to end where it
    // cannot start.
    starting.catch(() => {
      stop.close();
      void http?.close();
    });
    const worker = await Promise.race([starting, stop.first.then(() => undefined)]);
    if (worker === undefined) {
      const stopSoon = async () => {
        await http?.close();
        await (await starting.catch(() => undefined))?.stop();
      };
      this.exit(await withinGrace(stopSoon, config.fleet.graceSeconds, log));
    }

    view = worker.report;
    notifyParent({ state: 'ready', id: worker.id });
    if (flags['log-format'] !== 'json') {
      this.log(`Ready: worker ${worker.id}, ${config.fleet.concurrency} jobs at a time. Ctrl-C stops it.`);
    }
    log.info('stopping', { request: await stop.first });
    const stopAll = async () => {
      await worker.stop();
      await http?.close();
    };
    this.exit(await withinGrace(stopAll, config.fleet.graceSeconds, log));
  }

  /** Serves health and metrics where that was asked for. @throws InputError `port_in_use` */
  private async serveHealth(
    flags: { readonly 'http-port'?: number | undefined; readonly 'http-host'?: string | undefined },
    { fleet }: Config,
    log: Log,
    worker: WorkerView,
  ): Promise<WorkersServer | undefined> {
    const { 'http-port': wanted, 'http-host': host = HTTP_HOST } = flags;
    if (wanted === undefined) return undefined;
    const server = await startWorkersServer({ fleet, log, host, port: wanted, worker });
    log.info('health and metrics', { target: httpUrl(host, server.port) });
    if (!isLoopback(host)) {
      log.warn(`Health and metrics of this worker are served to other machines without TLS (${host})`);
    }
    return server;
  }
}

/** A worker waits for Redis for ever; whoever starts one wants to know what is wrong. */
async function checkServers(config: Config): Promise<void> {
  const redis = await connectFleetRedis(config.fleet, 'command');
  redis.disconnect();
  await withCouch(config, async () => undefined);
}
