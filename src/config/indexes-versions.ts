/** Numbers under which stacks count the definitions of an instance's indexes, as far as they are known here. */
export const INDEXES_VERSIONS = [38, 39] as const;

export type IndexesVersion = (typeof INDEXES_VERSIONS)[number];
