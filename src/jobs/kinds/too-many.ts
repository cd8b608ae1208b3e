/** So few are never asked for, whatever part of the fleet they are. */
export const FEW = 20;

/**
 * Whether so many of a fleet are more than what is destroyed or blocked without somebody having said their number.
 * @param of all instances there are
 * @param percent `fleet.guard` of the configuration
 */
export function isTooMany(number: number, of: number, percent: number): boolean {
  return number > FEW && number * 100 > of * percent;
}
