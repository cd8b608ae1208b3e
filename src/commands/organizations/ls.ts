import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { organizationLines } from '../../cli/instances/organization-lines.ts';
import { passedOverPrinter } from '../../cli/instances/passed-over-printer.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { type Organization, OrganizationList } from '../../operations/instances/list-organizations.ts';
import { meantInstances } from '../../operations/targets/meant-instances.ts';
import { hasMeasures } from '../../usage/measured-filter.ts';

export default class OrganizationsLs extends BaseCommand {
  static override summary = 'List the organizations of the instances';

  static override description =
    'By the org_id of their instances, with the org_domain, the number of instances, and the instance that is the own one of the organization: its first label is the org_id, and a stack copies the directory to new members from there.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --context beta --json',
  ];

  static override flags = { ...filterFlags };

  async run(): Promise<{ readonly organizations: readonly Organization[] }> {
    const { flags } = await this.parse(OrganizationsLs);
    const filter = filterOf(flags);
    return await withCouch(this.loadConfig(flags.config), async (couch) => {
      const passedOver = passedOverPrinter(this.output, hasMeasures(filter));
      const list = new OrganizationList();
      for await (const instance of meantInstances(couch, filter, passedOver)) list.add(instance);
      const organizations = list.sorted();
      for (const line of organizationLines(organizations, this.live)) this.log(line);
      if (passedOver.faults > 0) this.endWith('partlyFailed');
      return { organizations };
    });
  }
}
