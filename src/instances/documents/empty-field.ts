/** Whether the stack leaves a field with this value out: what Go calls `omitempty` (`docs/cozy-data.md` §2.1). */
export function isEmptyField(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === false || value === 0;
}
