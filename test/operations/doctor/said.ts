import type { Finding } from '../../../src/operations/doctor/finding.ts';

/** Findings as lines: `verdict check: text | what to do`. */
export function saidOf(findings: readonly Finding[]): string[] {
  return findings.map(
    ({ verdict, check, text, advice }) =>
      `${verdict} ${check}: ${text}${advice === undefined ? '' : ` | ${advice}`}`,
  );
}
