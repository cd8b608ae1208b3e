/** The members as they are, but those that may be undefined are optional instead. */
type Defined<Members> = {
  [Key in keyof Members as undefined extends Members[Key] ? never : Key]: Members[Key];
} & {
  [Key in keyof Members as undefined extends Members[Key] ? Key : never]?: Exclude<Members[Key], undefined>;
};

/**
 * An object without its undefined members. A type whose members are optional is exact (`exactOptionalPropertyTypes`):
 * a member may be absent, but not there and undefined.
 */
export function defined<Members extends object>(members: Members): Defined<Members>;
export function defined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
