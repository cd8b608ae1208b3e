import { Errors, type Hook } from '@oclif/core';
import { oneLine } from '../safe-text.ts';
import { EXIT } from './terminal/exit-codes.ts';
import { unknownCommandText } from './unknown-command.ts';

/** Named in `package.json`: oclif runs it for words that lead to no command. */
const commandNotFound: Hook<'command_not_found'> = async ({ id, config }) => {
  const known = { commands: config.commandIDs, topics: config.topics.map(({ name }) => name) };
  throw new Errors.CLIError(oneLine(unknownCommandText(id, known, config.bin)), { exit: EXIT.usage });
};

export default commandNotFound;
