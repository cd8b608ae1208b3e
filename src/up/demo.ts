import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import { InputError } from '../errors.ts';
import { findByNames } from '../instances/lookup/lookup.ts';
import { registrationOf } from '../instances/lookup/registration.ts';
import { openCouch } from '../operations/connect/couch.ts';
import type { Configured } from './configured.ts';
import type { Access } from './platform.ts';
import { writePrivateFile } from './private-file.ts';
import { spawnCommand } from './run-cli.ts';

/** Where the examples are, unless that port is taken. */
const EXAMPLES_AT = 'localhost:8090';

/** The name of the example instance whose link is shown. */
const SHOWN = 'alice';

/**
 * The file with the examples, under names that lead to the pages that are served here.
 * @param file those of the package
 * @param copy where they are written where other names are needed
 */
export async function examplesFor(file: string, copy: string, publicPort: number): Promise<string> {
  const here = hostAt(publicPort);
  if (here === EXAMPLES_AT) return file;
  const text = await readFile(file, 'utf8');
  await writePrivateFile(copy, text.replaceAll(EXAMPLES_AT, here));
  return copy;
}

/** Browsers find every name below `localhost` on this machine. */
function hostAt(publicPort: number): string {
  return `localhost:${publicPort}`;
}

export interface DemoOptions {
  readonly file: string;
  readonly access: Access;
  readonly signal: AbortSignal;
}

/**
 * The demonstration makes instances. In a CouchDB of somebody's whole machine it shall not do so just
 * because `npm start` was typed; naming the file with --config, or a variable, is consent.
 * @throws InputError `demo_on_real_platform`
 */
export function refuseDemoOnForeignPlatform({ file, isNamed, parts }: Configured, cwd: string): void {
  if (file === undefined || isNamed || [cwd, join(cwd, '.cozy')].includes(dirname(file))) return;
  const place = [parts.couchdb, parts.storage].find((each) => each?.startsWith(file));
  if (place === undefined) return;
  throw new InputError(
    'demo_on_real_platform',
    `The demonstration would make its example instances on the platform of ${place}.`,
    {},
    `If that is what you want, say so with --config ${place}.`,
  );
}

/** Submits the example file as an operator would, at the same terminal; answers its exit code. */
export async function submitExamples({ file, access, signal }: DemoOptions): Promise<number> {
  const args = ['instances', 'add', '--from', file, '--batch-name', 'examples', ...access.args];
  const child = spawnCommand(args, access.env);
  const interrupt = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', interrupt);
  const [code] = await once(child, 'exit');
  signal.removeEventListener('abort', interrupt);
  return typeof code === 'number' ? code : 1;
}

/** The link by which the owner of an example instance would come in, when it still waits for one. */
export async function exampleLink(config: Config): Promise<string | undefined> {
  const couch = openCouch(config);
  try {
    const [instance] = await findByNames(couch.global, [`${SHOWN}.${hostAt(config.serve.publicPort)}`]);
    return instance && registrationOf(instance, config.fleet.linkScheme)?.link;
  } finally {
    await couch.close();
  }
}
