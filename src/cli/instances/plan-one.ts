import { parseInstanceOptions } from '../../instances/options/parse-options.ts';
import type { SealForJob } from '../../jobs/fleet/sealed-passphrase.ts';
import { creation } from '../../jobs/queue/enqueue.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { passphraseSealer } from '../../operations/connect/passphrase-sealer.ts';
import { withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import { readCreationRules } from '../../operations/input/read-creation-rules.ts';
import { onePage, type PlanAnswer, type PlanCommand, showPlan } from '../batches/print-plan.ts';
import { rawOptionsOf } from '../flags/instance-flags.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import type { AddOneOptions } from './add-one.ts';
import { skeletonLines } from './skeleton-lines.ts';

/** Says what a creation would do; nothing is queued. @throws InputError, FleetError */
export async function planOne(
  options: AddOneOptions & Pick<PlanCommand, 'live' | 'file' | 'naming'>,
): Promise<CommandResult<PlanAnswer>> {
  const { config, domain, flags, skeleton, tries, output, live, file, naming } = options;
  const { rules, skeleton: read } = await readCreationRules(config, skeleton);
  const parsed = parseInstanceOptions({ ...rawOptionsOf(flags), domain }, rules);
  const { options: wanted } = parsed;
  if (read !== undefined) for (const line of skeletonLines(read)) output.line(line);
  return await withCouch(config, async (couch) => {
    const show = (seal?: SealForJob) => {
      const requests = onePage([{ ...creation({ options: wanted, tries, seal }), row: 1 }]);
      const work = { kind: 'create', name: wanted.domain, rate: undefined, requests } as const;
      return showPlan({ config, couch, output, live, file, naming }, work);
    };
    if (file === undefined || parsed.passphrase === undefined) return await show();
    return await withKeyedFleet(config, couch.global, async (fleet) => {
      const sealer = await passphraseSealer(config, fleet);
      return await show(await sealer(parsed));
    });
  });
}

/** How the batch of a plan is to be, by the flags of a creation. */
export function namingOf(flags: {
  readonly 'batch-name'?: string | undefined;
  readonly reason?: string | undefined;
  readonly tries: number;
}): PlanCommand['naming'] {
  const { 'batch-name': name, reason = '', tries } = flags;
  return { name, reason, maxFailures: undefined, tries };
}
