import type { Readable } from 'node:stream';
import type { Config } from '../config/config.ts';
import { FleetError } from '../errors.ts';
import { instanceState } from '../instances/instance-document.ts';
import type { Fleet } from '../jobs/fleet.ts';
import { count } from './batch/batch-texts.ts';
import { type BatchRun, runBatch, type StartedBatch } from './batch/run-batch.ts';
import { confirm, tellTarget } from './confirm.ts';
import type { Couch } from './couch.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { findInstance } from './find-instance.ts';
import type { Output } from './output.ts';
import { startPatience } from './patience.ts';
import { type Choice, type Chosen, choose } from './targets/choose.ts';
import { type Target, targetOf } from './targets/target.ts';
import { outcomeText, submitOne, watchJob } from './watch-job.ts';
import { withFleet } from './with-fleet.ts';

export interface DestroyOptions extends Pick<BatchRun, 'reason' | 'maxFailures' | 'async' | 'wait' | 'json'> {
  readonly config: Config;
  readonly couch: Couch;
  readonly choice: Choice;
  readonly name: string | undefined;
  readonly tries: number;
  /** Whether nobody is asked. */
  readonly force: boolean;
  readonly skipAccounts: boolean;
  readonly resume: boolean;
  readonly stdin: Readable;
  readonly output: Output;
}

/** What a single `instances destroy` answers with `--json`. */
export interface Destruction {
  readonly domain: string;
  /** `queued` and `running`: the work goes on without us. */
  readonly outcome: 'destroyed' | 'queued' | 'running';
  readonly jobId: string;
}

/** Destroys one instance, in the words of the stack's `instances destroy` (`cli-and-admin-api.md` §1.3). */
export async function destroyOne(
  options: DestroyOptions,
  typed: string,
): Promise<{ readonly answer: Destruction; readonly exitCode: ExitCode }> {
  const { config, couch, force, output } = options;
  const target = await telling(output, typed, async () => {
    const instance = await findInstance(couch.global, typed);
    if (!options.resume && instanceState(instance) === 'deleting') throw alreadyDeleting(instance.domain);
    return targetOf(instance, 1);
  });
  if (!force) await askForDomain(options, target.domain);
  return await telling(output, typed, () =>
    withFleet(config, (fleet) => destroyTarget(options, fleet, target)),
  );
}

async function askForDomain({ config, stdin, output, json, resume }: DestroyOptions, domain: string) {
  tellTarget(config, output);
  if (resume) output.note('Make sure that no stack is destroying it at this moment.');
  const question = [
    `Are you sure you want to remove instance for domain ${domain}?`,
    'All data associated with this domain will be permanently lost.',
    'Type again the domain to confirm: ',
  ];
  await confirm(question, domain, { stdin, stdout: json ? process.stderr : process.stdout });
}

/** Says what failed before why, as the stack does. */
async function telling<T>(output: Output, typed: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    output.note(`An error occurred while destroying instance for domain ${typed}`);
    throw error;
  }
}

/** The flag is there already: somebody is at it, or was. */
function alreadyDeleting(domain: string): FleetError {
  return new FleetError(
    'deleting',
    'Unqualified error: The deletion has already been requested',
    [
      `See its job: cozy-fleet jobs show ${domain}; if that failed: cozy-fleet jobs retry ${domain}.`,
      `If there is none and no stack is at it: cozy-fleet instances destroy ${domain} --resume.`,
      `To keep the instance: cozy-fleet instances modify ${domain} --deleting=false.`,
    ].join('\n'),
  );
}

async function destroyTarget(
  { async, wait, output, tries, skipAccounts, resume }: DestroyOptions,
  fleet: Fleet,
  { domain, seen }: Target,
): Promise<{ readonly answer: Destruction; readonly exitCode: ExitCode }> {
  const patience = startPatience();
  try {
    const work = {
      kind: 'destroy',
      domain,
      skipAccounts,
      resume,
      ...(seen === undefined ? {} : { seen }),
    } as const;
    const jobId = await submitOne(fleet, { work, tries }, output);
    if (async) {
      output.line(`Queued as job ${jobId}. Watch it: cozy-fleet jobs watch ${jobId}`);
      return { answer: { domain, outcome: 'queued', jobId }, exitCode: EXIT.done };
    }
    patience.startClock(wait);
    const end = await watchJob({ fleet, output }, { kind: 'destroy', domain, jobId }, patience);
    if (end.state === 'running') {
      return { answer: { domain, outcome: 'running', jobId }, exitCode: end.exitCode };
    }
    output.line(outcomeText('destroy', end.outcome, domain));
    return { answer: { domain, outcome: 'destroyed', jobId }, exitCode: EXIT.done };
  } finally {
    patience.stop();
  }
}

/** Destroys the instances of a list, a file or a filter, as a batch. */
export async function destroyMany(
  options: DestroyOptions,
): Promise<{ readonly answer: StartedBatch | undefined; readonly exitCode: ExitCode }> {
  const { config, couch, choice, force, stdin, output } = options;
  const chosen = await choose(choice, { global: couch.global, stdin, note: output.note });
  try {
    if (chosen.total === 0) {
      output.line(`No instance is meant ${chosen.described}.`);
      return { answer: undefined, exitCode: EXIT.done };
    }
    if (!force) await askForNumber(options, chosen);
    return await withFleet(config, (fleet) =>
      runBatch({
        ...options,
        fleet,
        kind: 'destroy',
        name: options.name ?? chosen.name,
        total: chosen.total,
        chunks: destroyChunks(options, chosen),
      }),
    );
  } finally {
    await chosen.close();
  }
}

async function askForNumber({ config, stdin, output, json }: DestroyOptions, { total, described }: Chosen) {
  tellTarget(config, output);
  const question = [
    `Are you sure you want to remove ${count(total)} instances: ${described}?`,
    'All data associated with them will be permanently lost.',
    'Type the number of instances to confirm: ',
  ];
  await confirm(question, String(total), { stdin, stdout: json ? process.stderr : process.stdout });
}

async function* destroyChunks({ tries, skipAccounts, resume }: DestroyOptions, { pages, filter }: Chosen) {
  for await (const page of pages()) {
    yield page.map(({ row, domain, seen }) => ({
      row,
      tries,
      work: {
        kind: 'destroy' as const,
        domain,
        skipAccounts,
        resume,
        ...(seen === undefined ? {} : { seen }),
        ...(filter === undefined ? {} : { filter }),
      },
    }));
  }
}
