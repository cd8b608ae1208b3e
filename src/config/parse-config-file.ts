import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { InputError } from '../errors.ts';
import { isTree, normalise, type Tree } from './tree.ts';
import { unsetMark, variablesIn, withoutMarks } from './unset-variables.ts';

export interface ParsedFile {
  readonly file: string;
  readonly tree: Tree;
  /** Line, from 1, of the key at this path; undefined where the file does not have it. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | undefined;
}

/**
 * Parses a configuration file, YAML or JSON (which is YAML), with templates already expanded.
 *
 * @throws {InputError} with the line when it does not parse or is no map. The library's own sentence
 * is not repeated: it can quote the file, passwords included.
 */
export function parseConfigFile(text: string, file: string): ParsedFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true, logLevel: 'error' });
  const error = document.errors[0];
  if (error !== undefined) {
    refuseUnsetLine(text, file);
    const problem = error.code.toLowerCase().replaceAll('_', ' ');
    const line = lineCounter.linePos(error.pos[0]).line;
    throw new InputError('bad_config', `The configuration is not valid YAML (${problem}).`, { file, line });
  }
  const content = toPlain(() => document.toJS(), file) ?? {};
  if (!isTree(content)) {
    throw new InputError('bad_config', 'The configuration must be a map of keys to values.', {
      file,
      line: 1,
    });
  }
  const root: unknown = document.contents;
  return {
    file,
    tree: normalise(content),
    lineOf: (path) => {
      const offset = offsetOf(root, path);
      return offset === undefined ? undefined : lineCounter.linePos(offset).line;
    },
  };
}

/** A variable that is more than a value, such as several lines of a section: what they would say is not known. */
function refuseUnsetLine(text: string, file: string): void {
  const [variable] = variablesIn(text);
  if (variable === undefined || parseDocument(withoutMarks(text), { logLevel: 'error' }).errors.length > 0)
    return;
  const line = text.slice(0, text.indexOf(unsetMark(variable))).split('\n').length;
  const message = `The configuration asks for the variable ${variable}, which is not set.`;
  throw new InputError('unset_variable', message, { file, line }, 'Set it, or take it out of the file.');
}

function toPlain(read: () => unknown, file: string): unknown {
  try {
    return read();
  } catch {
    const message =
      'The configuration is not valid YAML (an alias has no anchor, or there are too many aliases).';
    throw new InputError('bad_config', message, { file }, 'Put values that begin with * in quotes.');
  }
}

/** Where the last key of `path` begins; keys are compared as the stack does, without their case. */
function offsetOf(root: unknown, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = root;
  let keyNode: Node | undefined;
  for (const part of path) {
    if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      keyNode = isNode(node) ? node : undefined;
    } else if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => isScalar(key) && String(key.value).toLowerCase() === String(part),
      );
      keyNode = isNode(pair?.key) ? pair.key : undefined;
      node = pair?.value;
    } else {
      return undefined;
    }
  }
  return keyNode?.range?.[0];
}
