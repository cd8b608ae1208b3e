import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { jobArg } from '../../cli/flags/args.ts';
import { isShown, KEPT_LEVELS, logLineText } from '../../cli/jobs/log-lines.ts';
import { EXIT } from '../../cli/terminal/exit-codes.ts';
import { withInterrupt } from '../../cli/terminal/interrupt.ts';
import { writeAll } from '../../cli/terminal/write-stdout.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import { followJobLog, type LoggedLine, readJobLog } from '../../operations/jobs/job-log.ts';
import { safeJson } from '../../safe-text.ts';

type Level = (typeof KEPT_LEVELS)[number];

export default class JobsLogs extends BaseCommand {
  static override summary = 'Show what workers have logged of a job';

  static override description =
    'Of every worker that ran it, the last 200 lines from level info on; they go when the job goes. ' +
    `Exit code: ${EXIT.done} however the job ended, ${EXIT.interrupted} interrupted while it goes on.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> alice.example.org --follow --json',
  ];

  static override args = { job: jobArg };

  static override flags = {
    // Instead of the flag of all commands: lines come one by one.
    json: Flags.boolean({ summary: 'One JSON object a line' }),
    follow: Flags.boolean({ char: 'f', summary: 'Go on until the job has ended' }),
    level: Flags.option({ summary: 'The least that is shown', options: KEPT_LEVELS, default: 'info' })(),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(JobsLogs);
    const config = this.loadConfig(flags.config);
    const text = flags.json ? jsonLine : logLineText;
    await withFleet(config, async (fleet) => {
      const { id = '' } = await findJob(fleet, args.job);
      if (!flags.follow) return await writeAll(texts(await readJobLog(fleet, id), flags.level, text));
      const interrupted = await withInterrupt(async (signal) => {
        await writeAll(texts(followJobLog(fleet, id, signal), flags.level, text), 1);
        return signal.aborted;
      });
      if (interrupted) this.endWith('interrupted');
    });
  }
}

async function* texts(
  lines: AsyncIterable<LoggedLine> | Iterable<LoggedLine>,
  level: Level,
  text: (line: LoggedLine) => string,
): AsyncGenerator<string> {
  for await (const line of lines) if (isShown(line, level)) yield `${text(line)}\n`;
}

function jsonLine(line: LoggedLine): string {
  return safeJson(JSON.stringify(line === 'unreadable' ? { unreadable: true } : line));
}
