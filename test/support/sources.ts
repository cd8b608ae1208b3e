/** Whether the tests run from a build, not from the sources. */
export const isBuilt = import.meta.url.endsWith('.js');

/** Where the product's sources are as they were written, also where the tests run from a build. */
export const SOURCES = new URL(isBuilt ? '../../../src/' : '../../src/', import.meta.url);

/** The module that is run of a source. @param file from `src`, with `.ts` */
export function moduleOf(file: string): URL {
  return new URL(`../../src/${isBuilt ? file.replace(/\.ts$/, '.js') : file}`, import.meta.url);
}
