import type { ConfigInspection } from '../../config/inspect-config.ts';
import { count } from '../../quantity-text.ts';
import { closest } from '../input/closest.ts';
import { type Finding, findingsOf } from './finding.ts';
import { OLD_KEYS, STACK_KEYS } from './stack-keys.ts';

const found = findingsOf('configuration');

/** Keys that are named in one line. */
const MOST_NAMED = 10;

/** What is judged of the files and the environment. */
export function judgeConfiguration(inspection: ConfigInspection): Finding[] {
  const { files } = inspection;
  const findings = [...judgeKeys(inspection), ...judgeVariables(inspection), ...judgeTemplates(inspection)];
  const read =
    files.length === 0
      ? 'no configuration file was found: what is not in the environment is as it is by itself'
      : `read from ${files.join(' and ')}`;
  return [found.ok('file', read), ...findings];
}

function judgeKeys({ unknown }: ConfigInspection): Finding[] {
  return unknown.flatMap(({ key, place, path, beside }): Finding[] => {
    const at = place === '' ? key : `${place}: ${key}`;
    const name = String(path.at(-1) ?? '');
    const section = path.slice(0, -1).join('.');
    const better = OLD_KEYS.get(path.join('.'));
    if (better !== undefined) {
      return [found.warn('old-key', `${at} is an old name of the stack's`, `Call it ${better}.`)];
    }
    const meant = closest(name, beside);
    if (path[0] === 'fleet' && path.length > 1) {
      const advice =
        meant === undefined
          ? `Remove it; known beside it: ${beside.join(', ')}.`
          : `Call it ${meant}, if that is meant.`;
      return [found.fail('unknown-key', `${at} is not a setting of cozy-fleet`, advice)];
    }
    if (meant === undefined || STACK_KEYS[section]?.includes(name)) return [];
    const inSection = section === '' ? meant : `${section}.${meant}`;
    return [
      found.warn(
        'unknown-key',
        `${at} is read by nobody, as far as is known here`,
        `If ${inSection} is meant, call it so.`,
      ),
    ];
  });
}

function judgeVariables({ strayVariables, knownVariables }: ConfigInspection): Finding[] {
  return strayVariables.map((name) => {
    const meant = closest(name, knownVariables);
    const advice =
      meant === undefined
        ? 'Unset it: what it means can only be said in the file, if at all.'
        : `If ${meant} is meant, call it so.`;
    return found.warn('unknown-variable', `the variable ${name} sets nothing`, advice);
  });
}

/** What a variable would have said in a key that is the stack's alone is the stack's concern: it may be set there. */
function judgeTemplates({ unset }: ConfigInspection): Finding[] {
  const ours = unset.filter(({ isRead }) => isRead);
  const others = new Set(unset.filter(({ isRead }) => !isRead).map(({ variable }) => variable));
  const findings = ours.map(({ key, place, variable }) =>
    found.fail(
      'template',
      `${place === '' ? key : `${place}: ${key}`} asks for the variable ${variable}, which is not set`,
      `Set ${variable}, or write the value into the file.`,
    ),
  );
  if (others.size === 0) return findings;
  const named = [...others].slice(0, MOST_NAMED).join(', ');
  const more = others.size > MOST_NAMED ? ` and ${count(others.size - MOST_NAMED)} more variables` : '';
  const text = `not set here, and asked for by keys of the stack alone: ${named}${more}`;
  return [...findings, found.ok('stack-templates', text)];
}
