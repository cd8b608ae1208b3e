import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Flags } from '@oclif/core';
import { InputError } from '../../errors.ts';
import type { Output } from './output.ts';

const helpGroup = 'WHO';

/** Ways to hand over a passphrase that nobody else can see. */
export const passphraseFlags = {
  'passphrase-stdin': Flags.boolean({
    summary: 'Read the passphrase from the first line of stdin',
    helpGroup,
  }),
  'ask-passphrase': Flags.boolean({ summary: 'Ask for the passphrase, without showing it', helpGroup }),
};

export interface PassphraseFlags {
  readonly passphrase?: string | undefined;
  readonly 'passphrase-stdin'?: boolean;
  readonly 'ask-passphrase'?: boolean;
}

type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** Longer than any passphrase, short enough for a file that was piped in by mistake. */
const MOST_CHARACTERS = 4096;

/**
 * The clear passphrase, by whichever way it was given; undefined when none was.
 * @throws InputError, which never quotes it
 */
export async function readPassphrase(
  flags: PassphraseFlags,
  input: Input,
  output: Output,
): Promise<string | undefined> {
  const fromStdin = flags['passphrase-stdin'] === true;
  const asked = flags['ask-passphrase'] === true;
  if ([flags.passphrase !== undefined, fromStdin, asked].filter(Boolean).length > 1) {
    throw new InputError(
      'passphrase_twice',
      'Give only one of --passphrase, --passphrase-stdin and --ask-passphrase',
    );
  }
  if (flags.passphrase !== undefined) {
    warnOfVisible('--passphrase', output);
    return flags.passphrase;
  }
  if (fromStdin) return usable(await firstLine(input), '--passphrase-stdin');
  if (asked) return usable(await ask(input), '--ask-passphrase');
  return undefined;
}

/** How a new passphrase was handed over; neither = it is asked for. */
export interface NewPassphrase {
  /** As an argument of the command, as the stack has it. */
  readonly argument: string | undefined;
  readonly fromStdin: boolean;
}

/**
 * The clear passphrase for a command that needs one.
 * @throws InputError, which never quotes it
 */
export async function readNewPassphrase(
  { argument, fromStdin }: NewPassphrase,
  input: Input,
  output: Output,
): Promise<string> {
  if (argument !== undefined && fromStdin) {
    throw new InputError(
      'passphrase_twice',
      'Give the passphrase as an argument or with --passphrase-stdin, not both',
    );
  }
  if (argument !== undefined) {
    warnOfVisible('a passphrase among the arguments', output);
    return usable(argument, 'passphrase');
  }
  if (fromStdin) return usable(await firstLine(input), '--passphrase-stdin');
  return usable(await ask(input), 'passphrase');
}

function warnOfVisible(what: string, output: Output): void {
  // Takes the arguments out of what ps shows; until here they were there for all to see.
  process.title = 'cozy-fleet';
  output.note(`Warning: other users of this machine can see ${what}. Use --passphrase-stdin instead.`);
}

function usable(text: string, flag: string): string {
  if (text !== '' && text.length <= MOST_CHARACTERS) return text;
  const message = text === '' ? 'The passphrase is empty' : 'The text is too long for a passphrase';
  throw new InputError('bad_passphrase', message, { column: flag });
}

async function firstLine(input: Input): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MOST_CHARACTERS) break;
  }
  const [line = ''] = text.split(/\r?\n/);
  return line;
}

async function ask(input: Input): Promise<string> {
  if (input.isTTY !== true) {
    throw new InputError('no_terminal', 'There is no terminal to ask on', {}, 'Use --passphrase-stdin.');
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const question = createInterface({ input, output: silent, terminal: true });
  // In raw mode Ctrl-C is a key like any other.
  question.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    process.stderr.write('Passphrase: ');
    const first = await question.question('');
    process.stderr.write('\nAgain: ');
    const second = await question.question('');
    process.stderr.write('\n');
    if (first === second) return first;
  } finally {
    question.close();
  }
  throw new InputError('passphrases_differ', 'The two passphrases are not the same');
}
