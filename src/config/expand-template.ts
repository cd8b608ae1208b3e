import { InputError } from '../errors.ts';
import { unsetMark } from './unset-variables.ts';

/** What the actions of a configuration file may refer to. */
export interface TemplateValues {
  readonly env: NodeJS.ProcessEnv;
  readonly cpus: number;
}

export interface ExpandedTemplate {
  /** With a mark for each variable that is not set (`unset-variables.ts`). */
  readonly text: string;
  /** Variables the file asks for that are not set. */
  readonly unset: readonly string[];
}

const ACTION = /\{\{((?:[^}\n\r\u2028\u2029]|\}(?!\}))*)(?:\}\})?/g;
const CONTROL = /^-?\s*(?:if|else|end|range|with|define|block|template|break|continue)\b/;

/**
 * Replaces the Go template actions the stack's own example file shows: `{{ .Env.X }}`,
 * `{{ .NumCPU }}`, `{{ mul .NumCPU 4 }}` and quoted text. We are no Go template engine: any other
 * action is refused, except in a comment line, where it can do no harm and examples live.
 *
 * @throws {InputError} with file and line of an action that cannot be evaluated here.
 */
export function expandTemplate(source: string, file: string, values: TemplateValues): ExpandedTemplate {
  const unset = new Set<string>();
  const text = source.replace(ACTION, (whole: string, inner: string, offset: number) => {
    const action = inner.trim();
    const name = /^\.Env\.(\w+)$/.exec(action)?.[1];
    if (name !== undefined) {
      const value = values.env[name];
      if (value === undefined) unset.add(name);
      return value ?? unsetMark(name);
    }
    const value = whole.endsWith('}}') ? constantOf(action, values.cpus) : undefined;
    if (value !== undefined) return value;
    if (isInCommentLine(source, offset) && !CONTROL.test(action)) return whole;
    throw new InputError(
      'bad_template',
      'The configuration uses a template action other than {{ .Env.NAME }}.',
      { file, line: source.slice(0, offset).split('\n').length },
      'cozy-fleet does not evaluate Go templates: replace the action by its result, or point --config to an expanded copy.',
    );
  });
  return { text, unset: [...unset] };
}

function constantOf(action: string, cpus: number): string | undefined {
  if (action === '.NumCPU') return String(cpus);
  const factor = /^mul\s+\.NumCPU\s+(\d+)$/.exec(action)?.[1];
  if (factor !== undefined) return String(cpus * Number(factor));
  return /^"([^"\\]*)"$/.exec(action)?.[1];
}

function isInCommentLine(source: string, offset: number): boolean {
  const lineStart = source.lastIndexOf('\n', offset - 1) + 1;
  return /^\s*#/.test(source.slice(lineStart, offset));
}
