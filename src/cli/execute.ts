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
  const program = new Plugin({ root, isRoot: true });
  const completion = new Plugin({ root, name: AUTOCOMPLETE, type: 'core' });
  // Commands run without what completes them.
  const [, isThere] = await Promise.all([
    program.load(),
    completion.load().then(
      () => true,
      () => false,
    ),
  ]);
  const plugins = isThere ? [program, completion] : [program];
  await executeTyped({
    loadOptions: { root, plugins: new Map(plugins.map((plugin) => [plugin.name, plugin])) },
  });
}
