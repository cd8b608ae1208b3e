import { hasCause, word } from '../index/place.ts';
import type { Row } from './batch-record.ts';
import { isRowState, ROW_STATES, type RowState } from './row-state.ts';

/** Which rows of a batch are meant; an empty list means any. */
export interface RowChoice {
  readonly states: readonly RowState[];
  /** Where they stopped. */
  readonly stages: readonly string[];
  /** Codes of what went wrong. */
  readonly codes: readonly string[];
}

/** How many rows of a batch stopped in one way. */
export interface RowCause {
  readonly state: RowState;
  /** Empty where it is not known. */
  readonly stage: string;
  readonly code: string;
  readonly rows: number;
}

/** The causes that a batch keeps, as far as they can be read. */
export function causesOf(fields: Readonly<Record<string, string>>): RowCause[] {
  return Object.entries(fields).flatMap(([name, number]) => {
    const [, state = '', stage = '', code = ''] =
      /^([a-z]{1,16}):([\w-]{0,64}):([\w-]{0,64})$/.exec(name) ?? [];
    const rows = /^\d{1,9}$/.test(number) ? Number(number) : 0;
    return isRowState(state) && rows > 0 ? [{ state, stage, code, rows }] : [];
  });
}

/** Whether only causes tell which rows are meant. */
export function needsCauses({ stages, codes }: RowChoice): boolean {
  return stages.length > 0 || codes.length > 0;
}

/** The parts of `counts` whose sets together have all rows that are meant. @param causes of the batch, where they are needed */
export function setsOf(choice: RowChoice, causes: readonly RowCause[]): string[] {
  const { states, stages, codes } = choice;
  if (!needsCauses(choice)) return [...(states.length === 0 ? ROW_STATES : states)];
  return causes
    .filter(({ state, stage, code }) => allows(states, state) && allows(stages, stage) && allows(codes, code))
    .map(({ state, stage, code }) => `${state}:${stage}:${code}`);
}

/** Whether a row is meant, as its own record says. */
export function isChosen({ state, stage, code }: Row, choice: RowChoice): boolean {
  if (!allows(choice.states, state)) return false;
  if (!needsCauses(choice)) return true;
  if (!hasCause(state)) return false;
  return allows(choice.stages, word(stage, '')) && allows(choice.codes, word(code, 'unknown'));
}

function allows<Each>(wanted: readonly Each[], given: Each): boolean {
  return wanted.length === 0 || wanted.includes(given);
}
