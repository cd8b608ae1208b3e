/**
 * What spreadsheets take for the begin of a formula or of a command: also in full width, where programs of Chinese
 * and Japanese offices do, and the bar by which some ask another program.
 */
const FORMULA = new Set('=+-@|＝＋－＠｜');

/** What may stand before it: blanks and line breaks, control characters, and what nobody sees. */
const PASSED_OVER = /[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}]/u;

/** What some programs take for the begin of one by themselves. */
const STARTS = new Set('\t\r\n');

const MARK = "'";

/** Whether a cell, without the marks it has already, would be a formula. */
function isFormula(cell: string): boolean {
  let at = 0;
  while (cell[at] === MARK) at += 1;
  if (STARTS.has(cell.charAt(at))) return true;
  while (at < cell.length && PASSED_OVER.test(cell.charAt(at))) at += 1;
  return FORMULA.has(cell.charAt(at));
}

/** A cell that no spreadsheet computes: what would be a formula gets a leading `'`, also where it has some already. */
export function asCell(text: string): string {
  return isFormula(text) ? MARK + text : text;
}

/** What `asCell` was given: takes the one mark off again, and leaves any other apostrophe where it is. */
export function fromCell(cell: string): string {
  return cell.startsWith(MARK) && isFormula(cell) ? cell.slice(MARK.length) : cell;
}
