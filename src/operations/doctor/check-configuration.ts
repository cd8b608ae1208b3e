import type { Config } from '../../config/config.ts';
import { isFile, type Surroundings } from '../../config/find-config-file.ts';
import { inspectConfig } from '../../config/inspect-config.ts';
import { InputError } from '../../errors.ts';
import { checkSecretFiles, type SecretFile } from './check-files.ts';
import { type Finding, findingsOf } from './finding.ts';
import { judgeConfiguration } from './judge-configuration.ts';

const found = findingsOf('configuration');

/** Where the configuration comes from. */
export interface ConfigSource extends Surroundings {
  /** What `--config` said. */
  readonly file?: string | undefined;
}

/**
 * Looks at the configuration as it is on the disk now.
 * @param loaded what it says, or why it could not be loaded
 */
export async function checkConfiguration(
  source: ConfigSource,
  loaded: Config | InputError,
): Promise<Finding[]> {
  const refusal = loaded instanceof InputError ? [refused(loaded)] : [];
  try {
    const inspection = inspectConfig(source);
    const secrets: SecretFile[] = [
      ...inspection.files.map((path) => ({ path, what: 'in which passwords and tokens may be' })),
      ...inspection.keyFiles.map((path) => ({ path, what: 'a private key' })),
      ...passphraseFile(loaded).map((path) => ({
        path,
        what: 'in which the hash of the admin passphrase is',
      })),
    ];
    const judged = judgeConfiguration(inspection);
    const told = [...inspection.unknown, ...inspection.unset].map(({ key }) => key);
    const isTold = loaded instanceof InputError && told.includes(loaded.place.key ?? '');
    return [...(isTold ? [] : refusal), ...judged, ...(await checkSecretFiles(secrets))];
  } catch (thrown) {
    return refusal.length > 0 ? refusal : [found.failed('file', thrown, 'the configuration')];
  }
}

function refused({ message, advice, place: { file, line } }: InputError): Finding {
  const place = [file, line].filter((part) => part !== undefined).join(':');
  return found.fail('valid', place === '' ? message : `${place}: ${message}`, advice);
}

function passphraseFile(loaded: Config | InputError): string[] {
  if (loaded instanceof InputError) return [];
  return loaded.serve.adminPassphraseFiles.filter(isFile).slice(0, 1);
}
