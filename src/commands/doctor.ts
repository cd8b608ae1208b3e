import { homedir } from 'node:os';
import { BaseCommand } from '../cli/base-command.ts';
import { doctorLines } from '../cli/terminal/doctor-lines.ts';
import type { Config } from '../config/config.ts';
import { InputError } from '../errors.ts';
import { type Diagnosis, diagnose } from '../operations/doctor/diagnose.ts';

export default class Doctor extends BaseCommand {
  static override summary = 'Look at everything a fleet needs, and say what to do about what is not well';

  static override description =
    'The configuration, Redis, CouchDB, the storage, workers, registries and clocks are asked side by side, which takes ' +
    '15 seconds at the most. Nothing is changed: a file is written to the root of the storage and removed at once, to ' +
    'know that it can be. Exit code 1 where a line says fail, 0 otherwise.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  async run(): Promise<Diagnosis> {
    const { flags } = await this.parse(Doctor);
    const source = { env: process.env, cwd: process.cwd(), home: homedir(), file: flags.config };
    const services = {
      source,
      version: this.config.version,
      node: process.versions.node,
      uid: process.getuid?.(),
      now: Date.now,
    };
    const { signal } = new AbortController();
    const diagnosis = await diagnose(
      this.#loaded(flags.config),
      services,
      signal,
      ({ subject, findings }) => {
        for (const line of doctorLines(subject, findings)) this.log(line);
      },
    );
    const { checks, fails, warnings } = diagnosis;
    this.log(`${checks.length} checks: ${fails} fail, ${warnings} warn.`);
    if (fails > 0) this.endWith('failed');
    return diagnosis;
  }

  /** What is wrong with a configuration is what is asked for here. */
  #loaded(file: string | undefined): Config | InputError {
    try {
      return this.loadConfig(file);
    } catch (thrown) {
      if (thrown instanceof InputError && thrown.code !== 'no_config') return thrown;
      throw thrown;
    }
  }
}
