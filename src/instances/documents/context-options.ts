/** Which default directories a new instance gets. */
export interface DirectoryOptions {
  readonly administrative: boolean;
  /** With its two subdirectories. */
  readonly photos: boolean;
}

type Section = Readonly<Record<string, unknown>>;

const DEFAULT_CONTEXT = 'default';

/**
 * What the stack's configuration says of default directories in a context: from the section
 * `contexts.<context>`, or as a whole from `contexts.default` where there is none. Only the YAML
 * booleans count; anything else means yes (`docs/cozy-data.md` §3.4).
 */
export function directoryOptions(
  contexts: Readonly<Record<string, Section>>,
  context?: string,
): DirectoryOptions {
  const section = (context && lookUp(contexts, context)) || lookUp(contexts, DEFAULT_CONTEXT) || {};
  return {
    administrative: lookUp(section, 'init_administrative_folder') !== false,
    photos: lookUp(section, 'init_photos_folder') !== false,
  };
}

/**
 * The value under a key, compared with the keys in lower case: the stack's configuration library
 * lower-cases them, so that a name with capitals finds nothing (`docs/cozy-data.md` §7).
 */
function lookUp<Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.entries(values).find(([key]) => key.toLowerCase() === name)?.[1];
}
