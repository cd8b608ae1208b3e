import { InputError } from '../../errors.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { INSTANCE_FLAGS } from '../../instances/options/flags.ts';
import { splitList } from '../../instances/options/option-values.ts';
import type { RowCheck } from '../input/check-rows.ts';
import {
  domainCheck,
  type Selection,
  type SelectionServices,
  selectRows,
  selectTargets,
  type Targets,
} from '../targets/selection.ts';
import type { Target } from '../targets/target.ts';
import { type AppsRow, appsCheck } from './apps-check.ts';
import { type SlugCount, SlugCounter } from './slug-counter.ts';

/** An instance, and the applications of it that are meant. */
export type AppsTarget = AppsRow & Target;

/** The instances that are meant, and which applications on how many of them. */
export interface SelectedApps {
  readonly targets: Targets<AppsTarget>;
  readonly slugs: readonly SlugCount[];
}

/** Which applications are meant. */
export interface MeantApps {
  /** Slugs or sources of the command, as typed; none = each row of a file names its own. */
  readonly given: readonly string[];
  /** Refuses what cannot be meant, as it was typed, by an InputError. */
  checked(typed: readonly string[]): readonly string[];
}

/**
 * Finds out which applications of which instances are meant: either the command names them, or each row of a file does. A
 * file that was made for another purpose may name all that its instances were made with, in the same column; which of both
 * is meant is the operator's to say.
 * @throws InputError `bad_choice` where both name some, `no_apps`, and as `selectTargets`, `selectRows` and `checked`
 */
export async function selectApps(
  services: SelectionServices,
  selection: Selection,
  meant: MeantApps,
): Promise<SelectedApps> {
  const { domains, from, filter, all = false } = selection;
  if (from === undefined) return await ofAll(services, selection, meant);
  if (domains.length > 0 || !isEmptyFilter(filter) || all) {
    const ways = domains.length > 0 ? 'domains, --from or filters' : '--from or filters';
    throw new InputError('bad_choice', `Name the instances in one way: ${ways}`);
  }
  const counter = new SlugCounter();
  const rows = { from, skipInvalid: selection.skipInvalid, columns: INSTANCE_FLAGS };
  const { given, checked } = meant;
  const targets =
    given.length === 0
      ? await selectRows(
          { ...rows, check: appsCheck([], checked), onValid: ({ apps }) => counter.add(apps) },
          services,
        )
      : await selectRows(
          {
            ...rows,
            check: givenCheck(checked(given)),
            onValid({ apps, ofRow, line }) {
              if (ofRow.length > 0) throw namedTwice(from, line, ofRow);
              counter.add(apps);
            },
          },
          services,
        );
  return { targets, slugs: counter.counts() };
}

async function ofAll(
  services: SelectionServices,
  selection: Selection,
  { given, checked }: MeantApps,
): Promise<SelectedApps> {
  const apps = checked(given);
  const targets = await selectTargets(selection, services);
  async function* pages(): AsyncGenerator<readonly AppsTarget[]> {
    for await (const page of targets.pages()) yield page.map((target) => ({ ...target, apps }));
  }
  return {
    targets: { ...targets, pages },
    slugs: apps.map((slug) => ({ slug, instances: targets.total })),
  };
}

/** A row, for all of which the command names the applications. */
interface GivenRow extends AppsRow {
  /** What the row names all the same, as it is. */
  readonly ofRow: readonly string[];
}

function givenCheck(apps: readonly string[]): RowCheck<GivenRow> {
  return {
    parse: (values) => ({ ...domainCheck.parse(values), apps, ofRow: splitList(values['apps'] ?? '') }),
    names: domainCheck.names,
  };
}

/** Of the applications that a row names, so many are told. */
const MOST_TOLD = 3;

function namedTwice(from: Selection['from'], line: number, ofRow: readonly string[]): InputError {
  const file = from === '-' ? 'standard input' : typeof from === 'object' ? from.name : from;
  const some = ofRow.slice(0, MOST_TOLD).join(', ').slice(0, 120);
  const named = ofRow.length > MOST_TOLD ? `${some}, …` : some;
  return new InputError(
    'bad_choice',
    `the command names applications, and so does this row: ${JSON.stringify(named)}`,
    { ...(file !== undefined && { file }), line, column: 'apps' },
    'Take the column apps out of the file, or name no application in the command, so that each row says its own.',
  );
}
