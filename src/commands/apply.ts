import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { triesFlag, waitFlags } from '../cli/flags/creation-flags.ts';
import { planFileFlag, planFlags } from '../cli/flags/plan-flags.ts';
import { howeverManyFlag, workFlags, workOptionsOf } from '../cli/flags/work-flags.ts';
import { type ApplyAnswer, applyList } from '../cli/instances/apply-list.ts';
import { BATCH_EXIT_CODES } from '../cli/terminal/exit-codes.ts';
import { InputError } from '../errors.ts';
import { INSTANCE_FLAGS } from '../instances/options/flags.ts';
import { DEFAULT_TRIES } from '../jobs/kinds/envelope.ts';
import { withCouch } from '../operations/connect/couch.ts';
import { ldifMapping } from '../operations/input/ldif/ldif-mapping.ts';
import { readCreationRules } from '../operations/input/read-creation-rules.ts';
import { parseListTime, parseScope } from '../operations/instances/lists/prune-order.ts';
import { refuseAddRm } from '../operations/instances/refuse-add-rm.ts';

const helpGroup = 'LIST';
const PRUNE = 'PRUNE';

export default class Apply extends BaseCommand {
  static override summary = 'Make the fleet be like a list: create, change, install, leave alone';

  static override description = [
    'What is not there is created, what is otherwise is changed in the columns that the list has, and applications that are missing are installed. Empty cells change nothing, and no application is uninstalled. Submitted again, it has nothing to do.',
    'Who is not on the list is only named. With --prune, and within --scope, they are destroyed: only by a list that shows that it was not cut, and of what moment it is, as those of export --as-list do.',
    BATCH_EXIT_CODES,
  ].join('\n\n');

  static override examples = [
    '<%= config.bin %> <%= command.id %> --from school.csv --dry-run',
    '<%= config.bin %> <%= command.id %> --from school.csv --prune --scope context=school',
    "ldapsearch -b ou=people,dc=example,dc=org '(uid=*)' > people.ldif; <%= config.bin %> <%= command.id %> --from people.ldif --domain '{uid}.example.org' --map entryUUID=uuid",
  ];

  static override flags = {
    from: Flags.string({
      summary: 'File with an instance a line, CSV or NDJSON, or LDIF as ldapsearch writes it; - for stdin',
      helpValue: '<file>',
      helpGroup,
      required: true,
    }),
    format: Flags.option({
      summary: 'Form of the list [default: by its name, or by how it begins]',
      options: ['csv', 'ndjson', 'ldif'] as const,
      helpGroup,
    })(),
    map: Flags.string({
      summary: 'Attribute of LDIF that becomes a column [default: mail=email, displayName=public-name]',
      helpValue: '<attribute>=<column>',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup,
    }),
    domain: Flags.string({
      summary: "Domains of an LDIF, by its attributes: '{uid}.example.org'",
      helpValue: '<pattern>',
      helpGroup,
    }),
    new: Flags.string({
      summary: 'Value of new instances, where the column is absent or empty, such as locale=fr',
      helpValue: '<column>=<value>',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup,
    }),
    'expect-rows': Flags.integer({
      summary: 'The number of rows, where the list does not say it: with any other it is refused',
      min: 1,
      helpGroup,
    }),
    prune: Flags.boolean({
      summary: 'Destroy the instances of the scope that are not on the list',
      default: false,
      helpGroup: PRUNE,
    }),
    scope: Flags.string({
      summary: 'Which instances may be destroyed: context=, org-id=, org-domain= or domain= with * and ?',
      helpValue: '<field>=<value>',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup: PRUNE,
    }),
    'list-time': Flags.string({
      summary:
        'When the list was begun, where no export wrote it: what was made since is left alone; no later than the list says',
      helpValue: '<time>',
      helpGroup: PRUNE,
    }),
    'skip-accounts': Flags.boolean({
      summary: 'Do not let konnectors tell other services that accounts are gone',
      helpGroup: PRUNE,
    }),
    force: Flags.boolean({
      summary: 'Do not ask before instances are destroyed',
      default: false,
      helpGroup: PRUNE,
    }),
    'however-many': howeverManyFlag,
    ...planFlags,
    ...planFileFlag,
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<ApplyAnswer> {
    const { flags } = await this.parse(Apply);
    const config = this.loadConfig(flags.config);
    const { prune, map = [], domain, format } = flags;
    if (prune) refuseAddRm(config, 'destroy');
    const scope = parseScope(flags.scope ?? []);
    if (!prune && flags.scope !== undefined) {
      throw new InputError('bad_choice', 'it says what --prune may remove, and goes with it', {
        column: '--scope',
      });
    }
    const listTime = flags['list-time'] === undefined ? undefined : parseListTime(flags['list-time']);
    if (format !== undefined && format !== 'ldif' && (map.length > 0 || domain !== undefined)) {
      throw new InputError('bad_choice', '--map and --domain are for lists in LDIF alone');
    }
    return await withCouch(config, async (couch) => {
      const { answer, outcome } = await applyList({
        config,
        couch,
        source: {
          from: flags.from,
          stdin: process.stdin,
          format,
          mapping: () => ldifMapping(map, domain, INSTANCE_FLAGS),
          rules: (await readCreationRules(config)).rules,
          defaults: valuesOfNew(flags.new ?? []),
        },
        expectedRows: flags['expect-rows'],
        skipInvalid: flags['skip-invalid'],
        prune: prune ? { scope, listTime, skipAccounts: flags['skip-accounts'] ?? false } : undefined,
        work: workOptionsOf(flags),
        dryRun: flags['dry-run'],
        planFile: flags['plan-file'],
        output: this.output,
        live: this.live,
        json: this.jsonEnabled(),
      });
      this.endWith(outcome);
      return answer;
    });
  }
}

/** @throws InputError `bad_value` */
function valuesOfNew(pairs: readonly string[]): Record<string, string> {
  const columns: readonly string[] = INSTANCE_FLAGS;
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, column = '', value = ''] = /^([a-z_-]{1,40})=(.*)$/s.exec(pair) ?? [];
      if (columns.includes(column) && column !== 'domain' && column !== 'passphrase') return [column, value];
      throw new InputError(
        'bad_value',
        `${JSON.stringify(pair)} is not a column and a value, such as locale=fr`,
        {
          column: '--new',
        },
      );
    }),
  );
}
