import { isAbsolute } from 'node:path';
import * as z from 'zod';

/** No file system takes a longer path. */
const LONGEST_PATH = 4096;

/** Whether a text can be the directory of archives: what it is relative to would be another thing on each worker. */
export function isExportDirectory(text: string): boolean {
  return isAbsolute(text) && text.length <= LONGEST_PATH && !text.includes('\0');
}

/** The directory into which workers put archives: absolute, for it counts on the machine of each. */
export const exportDirectory = z.string().refine(isExportDirectory, 'must be an absolute path');
