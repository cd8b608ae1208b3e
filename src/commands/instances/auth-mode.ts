import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { instanceArg } from '../../cli/flags/args.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { withHeldServices } from '../../cli/instances/with-held-services.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { InputError } from '../../errors.ts';
import { type InstanceView, instanceView } from '../../instances/documents/instance-view.ts';
import { parseAuthMode } from '../../instances/options/option-values.ts';
import { AUTH_MODES, type AuthMode } from '../../instances/options/options.ts';
import { trimBlanks } from '../../instances/values/characters.ts';
import { modifyInstance } from '../../operations/instances/modify-instance.ts';

const MODES = AUTH_MODES.join(', ');

export default class InstancesAuthMode extends BaseCommand {
  static override summary = 'Change the way to log in to an instance';

  static override examples = ['<%= config.bin %> <%= command.id %> alice.example.org two_factor_mail'];

  static override args = {
    domain: instanceArg,
    mode: Args.string({ ignoreStdin: true, description: `One of ${MODES}`, required: true }),
  };

  static override flags = { reason: reasonFlag };

  async run(): Promise<InstanceView> {
    const { args, flags } = await this.parse(InstancesAuthMode);
    const changes = { authMode: readMode(args.mode) };
    const author = currentAuthor(flags.reason);
    const config = this.loadConfig(flags.config);
    const { outcome, instance } = await withHeldServices(
      { config, name: args.domain, output: this.output },
      ({ services, found, signal, report }) =>
        modifyInstance(services, { found, changes, author }, signal, report),
    );
    this.output.line(
      outcome === 'modified'
        ? `Auth mode has been changed for ${args.domain}`
        : JSON.stringify(`Instance has already ${changes.authMode} auth mode`),
    );
    return instanceView(instance);
  }
}

/** @throws InputError in the stack's words */
function readMode(text: string): AuthMode {
  try {
    return parseAuthMode(trimBlanks(text));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.code, 'Bad Request: Unknown authentication mode', {}, `Use one of ${MODES}.`);
  }
}
