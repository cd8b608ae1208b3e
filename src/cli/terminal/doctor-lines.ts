import type { Finding, Subject } from '../../operations/doctor/finding.ts';

/** As an operator reads them. */
const NAMES: Readonly<Record<Subject, string>> = {
  configuration: 'Configuration',
  redis: 'Redis',
  couchdb: 'CouchDB',
  definitions: 'Definitions of indexes',
  storage: 'Storage',
  fleet: 'Fleet',
  workers: 'Workers',
  registries: 'Registries',
  'stack-redis': "The stack's Redis",
  clocks: 'Clocks',
  serve: 'Serve',
};

/** One line for each finding of a subject, below its name; what to do in a line of its own. */
export function doctorLines(subject: Subject, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  return [
    NAMES[subject],
    ...findings.flatMap(({ verdict, text, advice }) => [
      `  ${verdict.padEnd(4)}  ${text}`,
      ...(advice === undefined ? [] : [`        do: ${advice}`]),
    ]),
  ];
}
