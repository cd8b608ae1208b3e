import { type Finding, SUBJECT_NAMES, type Subject } from '../../operations/doctor/finding.ts';

/** One line for each finding of a subject, below its name; what to do in a line of its own. */
export function doctorLines(subject: Subject, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  return [
    SUBJECT_NAMES[subject],
    ...findings.flatMap(({ verdict, text, advice }) => [
      `  ${verdict.padEnd(4)}  ${text}`,
      ...(advice === undefined ? [] : [`        do: ${advice}`]),
    ]),
  ];
}
