import { BaseCommand } from '../../cli/base-command.ts';
import { noticeKey } from '../../jobs/fleet/notices.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { withKeyedFleet } from '../../operations/connect/with-fleet.ts';

export default class BatchesNotifyKey extends BaseCommand {
  static override summary = 'Print the secret by which receivers check notices of --notify';

  static override description =
    'The header X-Cozy-Fleet-Signature is t=<seconds since 1970>,v1=<HMAC-SHA256 in hexadecimal digits>, made of "<t>.<body>" with this text as the key. Whoever has it can make notices.';

  async run(): Promise<{ readonly key: string }> {
    const { flags } = await this.parse(BatchesNotifyKey);
    const config = this.loadConfig(flags.config);
    return await withCouch(config, ({ global }) =>
      withKeyedFleet(config, global, async ({ sealKey }) => {
        const key = noticeKey(sealKey);
        this.log(key);
        return { key };
      }),
    );
  }
}
