import { BaseCommand } from '../../cli/base-command.ts';
import { instanceArg } from '../../cli/flags/args.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { withHeldServices } from '../../cli/instances/with-held-services.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { InputError } from '../../errors.ts';
import { parseWords } from '../../instances/options/option-values.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { modifyInstance } from '../../operations/instances/modify-instance.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';

interface SetsAnswer {
  readonly domain: string;
  readonly outcome: 'shown' | 'modified' | 'unchanged';
  readonly feature_sets: readonly string[];
}

export default class FeaturesSets extends BaseCommand {
  static override summary = 'Show the feature sets of an instance, or replace them';

  static override description =
    'For these a stack asks the manager which flags the instance gets. Given sets replace those that are there; an empty text takes all away.';

  static override usage = '<%= command.id %> DOMAIN [SETS...]';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> alice.example.org set1 set2',
    `<%= config.bin %> <%= command.id %> alice.example.org ''`,
  ];

  static override args = { domain: instanceArg };

  static override strict = false;

  static override flags = { reason: reasonFlag };

  async run(): Promise<SetsAnswer> {
    const { args, argv, flags } = await this.parse(FeaturesSets);
    const sets = setsOf(argv.slice(1).map(String));
    const config = this.loadConfig(flags.config);
    const answer = await (sets === undefined
      ? withCouch(config, async ({ global }) => {
          const { domain, feature_sets = [] } = await findInstance(global, args.domain);
          return { domain, outcome: 'shown' as const, feature_sets };
        })
      : withHeldServices({ config, name: args.domain, output: this.output }, async (held) => {
          const { services, found, signal, report } = held;
          const change = { found, changes: { featureSets: sets }, author: currentAuthor(flags.reason) };
          const { outcome, instance } = await modifyInstance(services, change, signal, report);
          return { domain: instance.domain, outcome, feature_sets: instance.feature_sets ?? [] };
        }));
    for (const set of answer.feature_sets) this.log(`- ${set}`);
    if (answer.outcome === 'unchanged') this.output.note('They were so already.');
    return answer;
  }
}

/** As the stack takes them: one text with blanks between them, or several; undefined where none was given. */
function setsOf(typed: readonly string[]): string[] | undefined {
  if (typed.length === 0) return undefined;
  const option = typed.find((word) => word.startsWith('-'));
  if (option !== undefined)
    throw new InputError('bad_value', `There is no flag ${option}, and no set is called so`);
  return parseWords(typed.join(',').replace(/\s+/g, ','));
}
