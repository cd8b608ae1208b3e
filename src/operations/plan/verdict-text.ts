import { differing, type FieldChange } from '../../instances/change/compare-fields.ts';
import { count } from '../../quantity-text.ts';
import type { Verdict } from './verdict.ts';

/** What a verdict says beyond its name, for people; empty where that is nothing. */
export function verdictDetail(verdict: Verdict): string {
  switch (verdict.verdict) {
    case 'new':
      return differing(verdict.fields).map(given).join(', ');
    case 'exists':
      return `left as it is, though ${differing(verdict.fields).map(change).join(', ')}`;
    case 'change':
    case 'same':
      return [...differing(verdict.fields).map(change), ...(verdict.notes ?? [])].join(', ');
    case 'install':
      return verdict.apps.join(', ');
    case 'repair':
      return verdict.findings.join(', ');
    case 'clean':
      return Object.entries(verdict.documents)
        .map(([doctype, number]) => `${count(number)} ${doctype}`)
        .join(', ');
    case 'check':
    case 'destroy':
      return '';
    case 'taken':
    case 'reserved':
    case 'deleting':
    case 'absent':
    case 'held':
    case 'refused':
      return `${verdict.code}: ${verdict.message}`;
    // Its code says no more than its name.
    case 'unlisted':
      return verdict.message;
    default:
      return verdict satisfies never;
  }
}

function given({ field, new: value }: FieldChange): string {
  return `${field} ${shown(value)}`;
}

function change({ field, old, new: value }: FieldChange): string {
  return `${field}: ${shown(old)} \u2192 ${shown(value)}`;
}

function shown(value: FieldChange['old']): string {
  if (value === null) return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(',');
  return value === '' ? '""' : String(value);
}
