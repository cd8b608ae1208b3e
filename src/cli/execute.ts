import { fileURLToPath } from 'node:url';
import { execute as executeTyped, Plugin } from '@oclif/core';

/** What the commands of others are added by: those that complete what is typed. */
const AUTOCOMPLETE = '@oclif/plugin-autocomplete';

/**
 * Runs the command that was typed. Both plugins are named, so that none is searched for: neither by patterns among our
 * dependencies, which takes longer than many a command works, nor in the user's own directories.
 * @param file of the program, as a URL
 */
export async function execute(file: string): Promise<void> {
  const root = fileURLToPath(new URL('..', file));
  const plugins = [
    new Plugin({ root, isRoot: true }),
    new Plugin({ root, name: AUTOCOMPLETE, type: 'core' }),
  ];
  await Promise.all(plugins.map((plugin) => plugin.load()));
  await executeTyped({
    loadOptions: { root, plugins: new Map(plugins.map((plugin) => [plugin.name, plugin])) },
  });
}
