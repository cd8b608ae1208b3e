import { closest } from '../operations/input/closest.ts';

/** The words that lead to the commands of a program, joined by colons: `instances:ls`. */
export interface KnownCommands {
  readonly commands: readonly string[];
  readonly topics: readonly string[];
}

/**
 * What to say of words that lead to no command.
 * @param id the words, joined by colons; those that were meant as arguments may be among them
 * @param program what its user types
 */
export function unknownCommandText(id: string, { commands, topics }: KnownCommands, program: string): string {
  const words = id.split(':');
  const isKnown = (count: number) => {
    const start = words.slice(0, count).join(':');
    return commands.includes(start) || topics.includes(start);
  };
  let known = words.length - 1;
  while (known > 0 && !isKnown(known)) known -= 1;
  const before = words.slice(0, known);
  const typed = [program, ...before].join(' ');
  const help = `See ${typed} --help.`;
  if (commands.includes(before.join(':'))) return `"${typed}" takes flags only. ${help}`;
  const word = words[known] ?? '';
  const start = before.map((each) => `${each}:`).join('');
  const next = commands.flatMap((each) => (each.startsWith(start) ? (each.split(':')[known] ?? []) : []));
  const meant = closest(word, [...new Set(next)]);
  const advice = meant === undefined ? help : `Did you mean "${typed} ${meant}"?`;
  return `There is no command "${typed} ${word}". ${advice}`;
}
