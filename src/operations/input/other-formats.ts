import { InputError } from '../../errors.ts';

const AS_CSV = 'Save it as "CSV UTF-8" in the spreadsheet program.';
const DECOMPRESS = 'Decompress it first.';

/** Files that often get a name that ends in .csv, by their first bytes in hexadecimal digits. */
const OTHER_FORMATS = [
  { begin: '504b0304', what: 'a spreadsheet document or an archive', advice: AS_CSV },
  { begin: 'd0cf11e0', what: 'a spreadsheet document', advice: AS_CSV },
  { begin: '255044462d', what: 'a PDF document', advice: AS_CSV },
  { begin: '7b5c727466', what: 'a document of a word processor', advice: AS_CSV },
  { begin: '1f8b', what: 'compressed', advice: DECOMPRESS },
  { begin: '425a68', what: 'compressed', advice: DECOMPRESS },
  { begin: '28b52ffd', what: 'compressed', advice: DECOMPRESS },
  { begin: 'fd377a585a', what: 'compressed', advice: DECOMPRESS },
] as const;

/** Some programs export a web page, or XML, under the name of a spreadsheet. */
const MARKUP = /^\s*<(?:!doctype|\?xml|html|head|meta|table|workbook)\b/i;

const UTF16_BOMS = ['fffe', 'feff'];

function refusal(file: string, what: string, advice: string): InputError {
  return new InputError('not_text', `The file is ${what}, not a text.`, { file }, advice);
}

/**
 * Says what a file that is not plain UTF-8 text most likely is, told by how it begins.
 *
 * @param bytes its first line
 * @throws {InputError} `not_text` or `bad_encoding`
 */
export function refuseOtherFormats(bytes: Buffer, file: string): void {
  const begin = bytes.toString('hex', 0, 8);
  const other = OTHER_FORMATS.find((format) => begin.startsWith(format.begin));
  if (other !== undefined) throw refusal(file, other.what, other.advice);
  if (UTF16_BOMS.some((bom) => begin.startsWith(bom)) || bytes.subarray(0, 4).includes(0)) {
    const message = 'The file is encoded as UTF-16, not UTF-8.';
    throw new InputError('bad_encoding', message, { file }, 'Save it as UTF-8.');
  }
  const text = bytes.toString('utf8', 0, 64).replace(/^\ufeff/, '');
  if (MARKUP.test(text)) throw refusal(file, 'a web page or XML', AS_CSV);
}
