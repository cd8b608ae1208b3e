import type { Config } from '../../config/config.ts';
import { creationDoubts } from '../../instances/options/doubts.ts';
import {
  InvalidOptions,
  type ParsedOptions,
  type ParsingRules,
  parseInstanceOptions,
} from '../../instances/options/parse-options.ts';
import { passphraseSealer } from '../../operations/connect/passphrase-sealer.ts';
import { withCouchAndFleet } from '../../operations/connect/with-fleet.ts';
import { readCreationRules } from '../../operations/input/read-creation-rules.ts';
import { createInstance } from '../../operations/instances/create-instance.ts';
import { alreadyExists, type CreationResult } from '../../operations/jobs/follow-creation.ts';
import { type ParsedFlags, rawOptionsOf } from '../flags/instance-flags.ts';
import { type Creation, printCreation } from '../jobs/print-creation.ts';
import { jobPrinter } from '../jobs/print-job.ts';
import { currentAuthor } from '../terminal/actor.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import { withInterrupt } from '../terminal/interrupt.ts';
import type { Output } from '../terminal/output.ts';

export interface AddOneOptions {
  readonly config: Config;
  /** As typed. */
  readonly domain: string;
  /** Flags of the instance; a passphrase that was read elsewhere is among them. */
  readonly flags: ParsedFlags;
  /** Directory of their first files, as typed; undefined = that of the configuration. */
  readonly skeleton: string | undefined;
  readonly tries: number;
  /** Why, for the record; may be empty. */
  readonly reason: string;
  /** Whether to leave once the job is queued. */
  readonly async: boolean;
  /** Longest time to wait, in milliseconds; undefined = without limit. */
  readonly waitMs: number | undefined;
  readonly output: Output;
}

/**
 * Creates one instance, in the words of the stack's `instances add` (`docs/admin-api.md` §1.3).
 * @throws InputError, FleetError
 */
export async function addOne(options: AddOneOptions): Promise<CommandResult<Creation>> {
  const { domain, output } = options;
  const { rules } = await readCreationRules(options.config, options.skeleton);
  const parsed = parseOne(options, rules);
  try {
    const result = await create(options, parsed);
    if (result.outcome === 'exists') throw alreadyExists('Nothing was changed.');
    return printCreation(result, output);
  } catch (error) {
    output.note(failedLine(domain));
    throw error;
  }
}

async function create(
  { config, tries, reason, async, waitMs, output }: AddOneOptions,
  parsed: ParsedOptions,
): Promise<CreationResult> {
  return await withCouchAndFleet(config, async ({ global }, fleet) => {
    const sealer = parsed.passphrase === undefined ? undefined : await passphraseSealer(config, fleet);
    const seal = await sealer?.(parsed);
    const services = { fleet, global, linkScheme: config.fleet.linkScheme };
    const { options } = parsed;
    const input = { options, seal, tries, author: currentAuthor(reason) };
    return await withInterrupt((signal) =>
      createInstance(services, input, { async, waitMs, signal }, jobPrinter(output)),
    );
  });
}

/** As in the stack, a bad flag is told at once, a bad domain after the first line. */
function parseOne({ domain, flags, output }: AddOneOptions, rules: ParsingRules): ParsedOptions {
  const firstLine = () =>
    output.line(`Creating instance for domain ${JSON.stringify(domain)}: please wait...`);
  try {
    const raw = { ...rawOptionsOf(flags), domain };
    const parsed = parseInstanceOptions(raw, rules);
    firstLine();
    for (const { column, message } of creationDoubts(raw, parsed, rules)) {
      output.note(`Warning: ${column}: ${message}`);
    }
    return parsed;
  } catch (error) {
    const isOfNames =
      error instanceof InvalidOptions && error.problems.every(({ column }) => column.startsWith('domain'));
    if (isOfNames) {
      firstLine();
      output.note(failedLine(domain));
    }
    throw error;
  }
}

function failedLine(domain: string): string {
  return `Failed to create instance for domain ${domain}`;
}
