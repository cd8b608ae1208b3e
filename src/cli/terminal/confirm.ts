import { createInterface } from 'node:readline';
import type { Config } from '../../config/config.ts';
import { FleetError, InputError } from '../../errors.ts';
import { trimBlanks } from '../../instances/values/characters.ts';
import { oneLine } from '../../safe-text.ts';
import type { Output } from './output.ts';

/**
 * Asks until somebody types what is expected; a capital letter is as good as a small one.
 * @param question what is to be confirmed; the last line is the prompt
 * @param advice for whoever cannot type
 * @throws FleetError `aborted` when somebody at a terminal types something else, or nothing, in the stack's words
 * @throws InputError `no_terminal` when stdin is no terminal and ends without an answer
 */
export async function confirm(
  question: readonly string[],
  expected: string,
  { stdin, stdout }: { readonly stdin: NodeJS.ReadableStream; readonly stdout: NodeJS.WritableStream },
  advice = 'Scripts need --force.',
): Promise<void> {
  stdout.write(question.map(oneLine).join('\n'));
  const typed = await firstLine(stdin);
  // Where nobody types at a terminal, there is no echo that ends the line.
  if (!isTerminal(stdin)) stdout.write('\n');
  if (typed === undefined) {
    if (isTerminal(stdin)) throw new FleetError('aborted', 'EOF', advice);
    throw new InputError('no_terminal', 'There is no terminal to ask on', {}, advice);
  }
  // A domain may begin or end with what nobody sees; only blanks are no part of it.
  if (trimBlanks(typed).toLowerCase() !== expected.toLowerCase()) throw new FleetError('aborted', 'Aborted');
}

/** Where somebody is asked, about which platform. */
export interface Prompt {
  readonly config: Config;
  readonly stdin: NodeJS.ReadableStream;
  readonly output: Output;
  /** With `--json` the answer alone is on stdout. */
  readonly json: boolean;
}

/** Asks whoever is at the terminal. @throws FleetError `aborted`, InputError `no_terminal` */
export async function ask(
  { stdin, json }: Pick<Prompt, 'stdin' | 'json'>,
  question: readonly string[],
  expected: string,
  advice?: string,
): Promise<void> {
  await confirm(question, expected, { stdin, stdout: json ? process.stderr : process.stdout }, advice);
}

/** Asks for the number of the instances that are about to be changed. @throws FleetError `aborted` */
export async function askForNumber(
  prompt: Prompt,
  total: number,
  question: readonly string[],
  advice?: string,
): Promise<void> {
  printPlatform(prompt.config, prompt.output);
  await ask(prompt, [...question, 'Type the number of instances to confirm: '], String(total), advice);
}

/** More than so many need their number typed. */
const MOST_FOR_YES = 20;

/** Asks for a yes, or for the number where it is large. @throws FleetError `aborted` */
export async function askForYes(prompt: Prompt, total: number, question: readonly string[]): Promise<void> {
  printPlatform(prompt.config, prompt.output);
  const [prompts, expected] =
    total > MOST_FOR_YES
      ? ['Type their number to confirm: ', String(total)]
      : ['Type yes to confirm: ', 'yes'];
  await ask(prompt, [...question, prompts], expected);
}

function isTerminal(stdin: NodeJS.ReadableStream): boolean {
  return 'isTTY' in stdin && stdin.isTTY === true;
}

async function firstLine(stdin: NodeJS.ReadableStream): Promise<string | undefined> {
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    for await (const line of lines) return line;
    return undefined;
  } finally {
    lines.close();
  }
}

/**
 * Which platform is about to be changed: the wrong configuration is the most expensive mistake
 * (`ARCHITECTURE.md` §4.5).
 */
export function printPlatform({ file, couchdb }: Config, output: Output): void {
  const from = file === undefined ? 'no configuration file' : file;
  output.note(`Configuration: ${from}; CouchDB: ${new URL(couchdb.url).host}`);
}
