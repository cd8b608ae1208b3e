import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import {
  type ExportShape,
  exportHead,
  exportLine,
  successfulHead,
  successfulLine,
} from '../../cli/batches/export-format.ts';
import { type Destination, writeReturnedRows, writeRows } from '../../cli/batches/export-rows.ts';
import { batchChoiceArg, batchChoiceFlags } from '../../cli/flags/batch-choice.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { rowText } from '../../cli/terminal/input-printer.ts';
import type { Config } from '../../config/config.ts';
import { InputError } from '../../errors.ts';
import { type BatchKind, MIXED } from '../../jobs/batches/batch-kind.ts';
import { ROW_STATES, type RowState } from '../../jobs/batches/row-state.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { checkedSlugs } from '../../operations/apps/checked-slugs.ts';
import { chooseBatch } from '../../operations/batches/choose-batch.ts';
import type { ExportedRow } from '../../operations/batches/export-batch.ts';
import { exportBatch } from '../../operations/batches/export-batch.ts';
import { exportFile } from '../../operations/batches/export-file.ts';
import { exportSuccessful, type SuccessfulRow } from '../../operations/batches/export-successful.ts';
import { FAILURES } from '../../operations/batches/failure-groups.ts';
import { checkCouch, openCouch, withCouch } from '../../operations/connect/couch.ts';
import { withFleet, withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import { problemReports } from '../../operations/input/check-file.ts';
import { openInstanceFile } from '../../operations/input/row-file.ts';
import { rulesOf } from '../../operations/input/rules-of.ts';
import {
  type LinkServices,
  openSessionLinks,
  type SessionLinks,
} from '../../operations/instances/care/session-links.ts';
import { count } from '../../quantity-text.ts';

/** Which rows of which batch, and what of them. */
interface ExportedBatch {
  /** Its id. @throws InputError `unknown_batch`, `bad_choice` */
  choose(fleet: Fleet): Promise<string>;
  /** None = all. */
  readonly states: readonly RowState[];
  readonly successful: boolean;
  readonly asRows: boolean;
  /** The application that links open by which owners are logged in; undefined where none are made. */
  readonly sessionApp: string | undefined;
}

export default class BatchesExport extends BaseCommand {
  static override summary = 'Write what became of each row, with the link for its owner';

  static override description =
    'The links are secrets: whoever has one becomes the owner. They are read from CouchDB now: registration links of instances that the batch made, or links for a new passphrase with when they expire. A file that a shell makes (>) may be readable for others, one of --output is not. With --from the rows of a file are looked up in CouchDB alone, for when Redis was lost.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> 7Q2K4 --output invitations.csv',
    '<%= config.bin %> <%= command.id %> 7Q2K4 --failed --as-rows --output again.csv',
    '<%= config.bin %> <%= command.id %> --from school.csv --output invitations.csv',
  ];

  static override args = { batch: batchChoiceArg };

  static override flags = {
    ...batchChoiceFlags,
    from: Flags.string({ summary: 'File that was submitted; - for stdin', helpValue: '<file>' }),
    output: Flags.string({
      summary: 'New file that only you may read; - for stdout [default: -]',
      helpValue: '<file>',
    }),
    format: Flags.option({
      summary: 'Form of the output',
      options: ['csv', 'ndjson'] as const,
      default: 'csv',
    })(),
    failed: Flags.boolean({
      summary: 'Only rows that failed or are incomplete',
      exclusive: ['state', 'from'],
    }),
    state: Flags.option({ summary: 'Only rows of this state', options: ROW_STATES, exclusive: ['from'] })(),
    successful: Flags.boolean({
      summary: 'Only rows that succeeded, with mail address, name, locale and context as they are now',
      exclusive: ['failed', 'state', 'as-rows', 'from'],
    }),
    'session-links': Flags.boolean({
      summary: 'Also make a link, for each owner without a passphrase, that logs in whoever opens it first',
      description:
        'For instances of OIDC, FranceConnect or magic links that the batch made. Each link works once within 7 days: scanners of mail that open links use them up. Each export makes new ones, and earlier ones go on working.',
      exclusive: ['as-rows', 'from'],
    }),
    'session-app': Flags.string({
      summary: 'Slug of the application that such a link opens [default: home]',
      dependsOn: ['session-links'],
    }),
    'as-rows': Flags.boolean({
      summary:
        'The columns of the file that was submitted, and what went wrong: to be corrected and submitted again',
      exclusive: ['from'],
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(BatchesExport);
    const mostRecent = flags['use-most-recent'];
    if ((args.batch === undefined && !mostRecent) === (flags.from === undefined)) {
      throw new InputError(
        'bad_choice',
        'Name either a batch, or with --from a file, or give --use-most-recent for the newest batch',
      );
    }
    const config = this.loadConfig(flags.config);
    const format = this.jsonEnabled() ? 'ndjson' : flags.format;
    const to = { format, output: flags.output };
    if (flags.from !== undefined) {
      await this.ofFile(config, flags.from, to);
      return;
    }
    const { successful, 'as-rows': asRows, 'session-links': sessionLinks } = flags;
    const sessionApp = sessionLinks ? checkedSlug(flags['session-app'] ?? 'home') : undefined;
    const states = flags.failed ? FAILURES : flags.state === undefined ? [] : [flags.state];
    const choose = async (fleet: Fleet) => (await chooseBatch(fleet, args.batch, mostRecent)).id;
    await this.ofBatch(config, { choose, states, successful, asRows, sessionApp }, to);
  }

  private async ofBatch(
    config: Config,
    { choose, states, successful, asRows, sessionApp }: ExportedBatch,
    to: Destination,
  ): Promise<void> {
    const { linkScheme } = config.fleet;
    const { format, output } = to;
    await withCouch(config, async (couch) => {
      if (asRows) {
        await withKeyedFleet(config, couch.global, async (fleet) =>
          writeReturnedRows(fleet, { id: await choose(fleet), states }, to, this.output),
        );
        return;
      }
      await withFleet(config, async (fleet) => {
        const { batches } = fleet;
        const id = await choose(fleet);
        const { kind } = await batches.get(id);
        const shape = { kind, sessionLinks: sessionApp !== undefined };
        const links =
          sessionApp === undefined
            ? undefined
            : this.openLinks(config, { ...couch, fleet }, kind, sessionApp);
        try {
          if (successful) {
            const rows = exportSuccessful(batches, couch, linkScheme, id, links?.linksOf);
            const line = (row: SuccessfulRow) => successfulLine(row, format, shape);
            await writeRows(rows, { head: successfulHead(format, shape), line }, output);
          } else {
            const rows = exportBatch(batches, couch.global, linkScheme, id, states, links?.linksOf);
            await write(rows, to, shape);
          }
        } finally {
          links?.close();
        }
        const without = links?.withoutApp() ?? 0;
        if (without > 0) {
          this.output.note(
            `No link for ${count(without)} without the application ${sessionApp}: see --session-app.`,
          );
        }
      });
    });
  }

  private openLinks(config: Config, services: LinkServices, kind: BatchKind, app: string): SessionLinks {
    if (kind !== 'create' && kind !== MIXED) {
      throw new InputError('bad_choice', '--session-links is for a batch that made instances');
    }
    return openSessionLinks(config, services, app, currentAuthor());
  }

  private async ofFile(config: Config, source: string, to: Destination): Promise<void> {
    const file = await openInstanceFile(source, process.stdin, { defaults: {}, rules: rulesOf(config) });
    const couch = openCouch(config);
    try {
      for (const server of couch.servers()) await checkCouch(server);
      const rows = exportFile(couch, file.rows(), config.fleet.linkScheme, (row) => {
        for (const problem of problemReports(file.name, row)) this.output.note(rowText(problem));
        this.endWith('usage');
      });
      await write(rows, to, { kind: 'create', sessionLinks: false });
    } finally {
      await file.close();
      await couch.close();
    }
  }
}

/** @throws InputError `app_source` */
function checkedSlug(text: string): string {
  checkedSlugs([text]);
  return text;
}

async function write(
  rows: AsyncIterable<ExportedRow>,
  { format, output }: Destination,
  shape: ExportShape,
): Promise<void> {
  const line = (row: ExportedRow) => exportLine(row, format, shape);
  await writeRows(rows, { head: exportHead(format, shape), line }, output);
}
