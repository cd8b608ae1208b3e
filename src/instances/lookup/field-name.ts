/**
 * The name under which a stack reads a field: Go takes it in any case, also with the two letters beyond ASCII that fold
 * to one of ASCII, the Kelvin sign and the long s.
 */
export function fieldName(written: string): string {
  return written.toLowerCase().replaceAll('\u017f', 's');
}
