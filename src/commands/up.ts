import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/terminal/exit-codes.ts';
import { programName } from '../cli/terminal/program-name.ts';
import { listenForStop } from '../cli/terminal/stop-requests.ts';
import { usesOwnPassphrase } from '../up/admin-passphrase.ts';
import { findConfigured } from '../up/configured.ts';
import { exampleLink, examplesFor, refuseDemoOnForeignPlatform, submitExamples } from '../up/demo.ts';
import { takeLock } from '../up/lock.ts';
import { type Places, placesIn } from '../up/places.ts';
import { type Platform, startPlatform } from '../up/platform.ts';
import { makePrivate } from '../up/private-places.ts';
import { fleetPageUrl, howToReach, howToSignIn, type ReportOptions, whatRuns } from '../up/report.ts';

export default class Up extends BaseCommand {
  static override summary =
    'Start all that is needed: Redis, a CouchDB for trials, workers, and what serves the pages';

  static override description =
    'What a configuration file or the environment names is used rather than started: CouchDB, Redis, the ' +
    'storage. The embedded CouchDB is for trying out, never for production. Everything started here is ' +
    'started again when it dies, keeps its data below --dir, and stops with Ctrl-C.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --workers 4 --concurrency 8',
    '<%= config.bin %> <%= command.id %> --demo --once',
  ];

  static override enableJsonFlag = false;

  static override flags = {
    workers: Flags.integer({ summary: 'How many worker processes', default: 1, min: 1, max: 64 }),
    concurrency: Flags.integer({
      summary: 'Jobs at a time in each; fleet.concurrency otherwise',
      min: 1,
      max: 256,
    }),
    dir: Flags.directory({ summary: 'Where data, logs and the configuration are kept', default: '.fleet' }),
    demo: Flags.boolean({ summary: 'Then make the instances of examples/fleet.csv' }),
    once: Flags.boolean({
      summary: "End with the demonstration, and with its batch's exit code",
      dependsOn: ['demo'],
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Up);
    const surroundings = { env: process.env, cwd: process.cwd(), home: homedir() };
    const { cwd } = surroundings;
    const configured = findConfigured(surroundings, flags.config);
    if (flags.demo) refuseDemoOnForeignPlatform(configured, cwd);
    const places = placesIn(resolve(cwd, flags.dir));

    const stop = listenForStop();
    await makePrivate({ places, ownStorage: configured.parts.storage === undefined });
    const lock = await takeLock(places.directory);
    let platform: Platform | undefined;
    try {
      platform = await startPlatform({
        surroundings,
        configured,
        places,
        afterCrash: lock.takenOver,
        workers: flags.workers,
        concurrency: flags.concurrency,
        redisConf: join(this.config.root, 'redis.conf'),
        say: (text) => this.logToStderr(text),
        signal: stop.signal,
      });
      const { config } = platform;
      const report = {
        config,
        configured,
        places,
        cwd,
        workers: flags.workers,
        concurrency: flags.concurrency ?? config.fleet.concurrency,
      };
      this.log([...whatRuns(report), ''].join('\n'));
      if (flags.demo) process.exitCode = await this.demonstrate(platform, places, stop.signal);
      if (!flags.once && !stop.signal.aborted) {
        await this.whatNext(report, flags.demo);
        await stop.first;
        process.exitCode = EXIT.done;
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      process.exitCode = EXIT.interrupted;
    } finally {
      if (stop.signal.aborted) this.logToStderr('Stopping …');
      await platform?.stop();
      lock.release();
      stop.close();
    }
  }

  private async demonstrate(
    { access, config }: Platform,
    { examples }: Places,
    signal: AbortSignal,
  ): Promise<number> {
    const ours = join(this.config.root, 'examples', 'fleet.csv');
    const file = await examplesFor(ours, examples, config.serve.publicPort);
    const code = await submitExamples({ file, access, signal });
    return signal.aborted ? EXIT.interrupted : code;
  }

  private async whatNext(report: ReportOptions, afterDemo: boolean): Promise<void> {
    const link = afterDemo ? await exampleLink(report.config) : undefined;
    const bin = programName(process.env);
    this.log(
      [
        ...(link === undefined ? [] : ['', 'The first page of an owner:', `  ${link}`]),
        '',
        'In another terminal:',
        ...howToReach(report).map((line) => `  ${line}`),
        `  ${bin} instances add bob.example.org --email bob@example.org`,
        `  ${bin} batches ls`,
        `  ${bin} workers ls`,
        '',
        'Ctrl-C stops all of it; the data stays for the next time.',
        '',
        howToSignIn(report, usesOwnPassphrase(report.places, report.config)),
        `Fleet page:  ${fleetPageUrl(report.config)}`,
      ].join('\n'),
    );
  }
}
