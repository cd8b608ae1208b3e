import type { Config } from '../config/config.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { creationDoubts } from '../instances/options/doubts.ts';
import {
  InvalidOptions,
  type ParsedOptions,
  parseInstanceOptions,
} from '../instances/options/parse-options.ts';
import { creation } from '../jobs/enqueue.ts';
import type { KeyedFleet } from '../jobs/fleet.ts';
import type { SealForJob } from '../jobs/stored-passphrase.ts';
import { checkCouch, openCouch } from './couch.ts';
import { alreadyExists, type Creation, watchOne } from './create-one.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type ParsedFlags, rawOptionsOf } from './instance-flags.ts';
import type { Output } from './output.ts';
import { rulesOf } from './parsing-rules.ts';
import { passphraseSealer } from './passphrase-sealer.ts';
import { startPatience } from './patience.ts';
import { submitOne } from './watch-job.ts';
import { withKeyedFleet } from './with-fleet.ts';

export interface AddOneOptions {
  readonly config: Config;
  /** As typed. */
  readonly domain: string;
  /** Flags of the instance; a passphrase that was read elsewhere is among them. */
  readonly flags: ParsedFlags;
  readonly tries: number;
  /** Whether to leave once the job is queued. */
  readonly async: boolean;
  /** Longest time to wait, in milliseconds; undefined = without limit. */
  readonly wait: number | undefined;
  readonly output: Output;
}

export interface Added {
  readonly creation: Creation;
  readonly exitCode: ExitCode;
}

/**
 * Creates one instance, in the words of the stack's `instances add` (`docs/admin-api.md` §1.3).
 * @throws InputError, FleetError
 */
export async function addOne(options: AddOneOptions): Promise<Added> {
  const { config, domain, output } = options;
  const parsed = parseOne(options);
  const couch = openCouch(config);
  try {
    await checkCouch(couch.global);
    return await withKeyedFleet(config, couch.global, async (fleet) => {
      const sealer = parsed.passphrase === undefined ? undefined : await passphraseSealer(config, fleet);
      const seal = await sealer?.(parsed);
      return await create(options, { fleet, global: couch.global }, parsed, seal);
    });
  } catch (error) {
    output.note(failedLine(domain));
    throw error;
  } finally {
    await couch.close();
  }
}

async function create(
  { config, tries, async, wait, output }: AddOneOptions,
  places: { readonly fleet: KeyedFleet; readonly global: CouchServer },
  { options }: ParsedOptions,
  seal: SealForJob | undefined,
): Promise<Added> {
  const patience = startPatience();
  try {
    const jobId = await submitOne(places.fleet, creation({ options, seal, tries }), output);
    const about = { domain: options.domain, jobId };
    if (async) {
      output.line(`Queued as job ${jobId}. Watch it: cozy-fleet jobs watch ${jobId}`);
      return { creation: { ...about, outcome: 'queued' }, exitCode: EXIT.done };
    }
    patience.startClock(wait);
    const { linkScheme } = config.fleet;
    const added = await watchOne({ ...places, linkScheme, output }, about, patience);
    if (added.creation.outcome === 'exists') throw alreadyExists('Nothing was changed.');
    return added;
  } finally {
    patience.stop();
  }
}

/** As in the stack, a bad flag is told at once, a bad domain after the first line. */
function parseOne({ config, domain, flags, output }: AddOneOptions): ParsedOptions {
  const firstLine = () =>
    output.line(`Creating instance for domain ${JSON.stringify(domain)}: please wait...`);
  try {
    const raw = { ...rawOptionsOf(flags), domain };
    const rules = rulesOf(config);
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
