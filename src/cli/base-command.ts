import { homedir } from 'node:os';
import { format } from 'node:util';
import { Command, Errors, Flags, ux } from '@oclif/core';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { oneLine, safeJson, severalLines } from '../safe-text.ts';
import { type KnownFlags, plainTruths } from './flags/truth-words.ts';
import { unknownFlagText } from './flags/unknown-flag.ts';
import { EXIT, type Outcome } from './terminal/exit-codes.ts';
import { explainError } from './terminal/explain-error.ts';
import type { Output } from './terminal/output.ts';
import { isLive } from './terminal/screen.ts';

/** What every command shares: configuration, the fleet's Redis, how errors are told, exit codes. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    config: Flags.file({
      char: 'c',
      summary: "The stack's configuration file",
      description: 'Searched like the stack does, and last in .fleet/, where cozy-fleet up writes one.',
      helpGroup: 'GLOBAL',
    }),
  };

  protected override async init(): Promise<void> {
    await super.init();
    this.argv = plainTruths(this.argv, this.knownFlags());
  }

  /** All that may be given to the command, by name; `--json` is oclif's own. */
  private knownFlags(): KnownFlags {
    return { json: { type: 'boolean' }, ...this.ctor.baseFlags, ...this.ctor.flags };
  }

  /** For the modules that do the work: they know nothing of oclif. */
  protected readonly output: Output = {
    line: (text) => this.log(text),
    note: (text) => void process.stderr.write(`${oneLine(text)}\n`),
  };

  /** The one way of a text to stdout: others may have written parts of it. */
  override log(message = '', ...values: unknown[]): void {
    super.log(severalLines(format(message, ...values)));
  }

  override logToStderr(message = '', ...values: unknown[]): void {
    super.logToStderr(severalLines(format(message, ...values)));
  }

  override logJson(json: unknown): void {
    ux.stdout(safeJson(JSON.stringify(json, null, 2)));
  }

  /** Whether a person looks at a terminal. */
  protected get live(): boolean {
    return isLive(process.stdout, process.env);
  }

  /** @throws InputError that names the key and what was expected */
  protected loadConfig(
    file: string | undefined,
    overrides: Record<string, string | number | undefined> = {},
  ): Config {
    const { env } = process;
    return loadConfig({
      env,
      cwd: process.cwd(),
      home: homedir(),
      overrides,
      ...(file === undefined ? {} : { file }),
    });
  }

  /** Ends with the exit code of that outcome after the output is written; `--json` output included. */
  protected endWith(outcome: Outcome): void {
    process.exitCode = EXIT[outcome];
  }

  /** What oclif says of unknown flags quotes what was given to them. */
  private usageText({ message }: Error): string {
    return unknownFlagText(message, this.argv, Object.keys(this.knownFlags()));
  }

  protected override async catch(error: Error): Promise<void> {
    // Wrong flags and explicit exits know their own codes; with --json oclif would answer 1 to both.
    if (error instanceof Errors.ExitError) throw error;
    const usage = error instanceof Errors.CLIError;
    const { code, exitCode, ...explained } = explainError(error);
    const text = usage ? withArgumentsOnLines(this.usageText(error), this.argv) : explained.text;
    process.exitCode = usage ? EXIT.usage : exitCode;
    if (this.jsonEnabled()) this.logJson({ error: { code: usage ? 'usage' : code, message: text } });
    else this.logToStderr(`Error: ${text}`);
  }
}

/** What oclif says about wrong flags has lines of its own; what was typed must not add some. */
function withArgumentsOnLines(message: string, argv: readonly string[]): string {
  const typed = argv.flatMap((each) => [each, each.slice(each.indexOf('=') + 1)]);
  return typed
    .filter((each) => each.includes('\n'))
    .reduce((text, each) => text.replaceAll(each, () => oneLine(each)), message);
}
