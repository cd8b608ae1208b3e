import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { memberLines } from '../../cli/instances/organization-lines.ts';
import { unreadablePrinter } from '../../cli/instances/unreadable-printer.ts';
import { FleetError, InputError } from '../../errors.ts';
import { filteredInstances } from '../../instances/lookup/all-instances.ts';
import { trimBlanks } from '../../instances/values/characters.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import {
  gatherOrganization,
  type Member,
  type Organization,
} from '../../operations/instances/list-organizations.ts';

export default class OrganizationsShow extends BaseCommand {
  static override summary = 'Show an organization with its members and their states';

  static override examples = ['<%= config.bin %> <%= command.id %> school'];

  static override args = {
    'org-id': Args.string({
      ignoreStdin: true,
      description: 'Identifier of the organization, as its instances have it',
      required: true,
    }),
  };

  async run(): Promise<Organization & { readonly members: readonly Member[] }> {
    const { args, flags } = await this.parse(OrganizationsShow);
    const orgId = trimBlanks(args['org-id']);
    if (orgId === '') throw new InputError('bad_value', 'The organization needs an identifier');
    return await withCouch(this.loadConfig(flags.config), async ({ global }) => {
      const instances = filteredInstances(global, { orgId }, unreadablePrinter(this.output));
      const organization = await gatherOrganization(instances);
      if (organization === undefined) {
        throw new FleetError(
          'not_found',
          `No instance has the org_id ${JSON.stringify(orgId)}`,
          'Those that are there: cozy-fleet organizations ls.',
        );
      }
      for (const line of memberLines(organization.members, this.live)) this.log(line);
      if (organization.own === null) {
        this.output.note(`No member has ${orgId} as its first label: new members get no directory.`);
      }
      return organization;
    });
  }
}
