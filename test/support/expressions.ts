import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { moduleOf, SOURCES } from './sources.ts';

/** A regular expression of the product. */
export interface Expression {
  /** File and line, from `src`. */
  readonly place: string;
  readonly expression: RegExp;
}

/** The expressions of a file, and the lines on which it builds some from texts. */
interface FoundInFile {
  readonly literals: readonly Expression[];
  readonly building: readonly string[];
}

/** All expressions of `src`: those that are written out, and those that modules build as they are loaded. */
export async function allExpressions(): Promise<{
  readonly expressions: readonly Expression[];
  /** Where one is built that is not there yet when its module is loaded: nobody could look at it. */
  readonly unseen: readonly string[];
}> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const expressions: Expression[] = [];
  const unseen: string[] = [];
  for (const file of files.sort()) {
    const { literals, building } = expressionsIn(file);
    expressions.push(...literals);
    if (building.length === 0) continue;
    const built = await builtBy(file);
    expressions.push(...built.map((expression) => ({ place: file, expression })));
    if (built.length < building.length) unseen.push(...building);
  }
  return { expressions, unseen };
}

function expressionsIn(file: string): FoundInFile {
  const text = readFileSync(new URL(file, SOURCES), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const literals: Expression[] = [];
  const building: string[] = [];
  const visit = (node: ts.Node): void => {
    const place = `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      literals.push({ place, expression: expressionOf(node.getText()) });
    } else if (
      (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
      node.expression.getText() === 'RegExp'
    ) {
      building.push(place);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { literals, building };
}

function expressionOf(literal: string): RegExp {
  const end = literal.lastIndexOf('/');
  return new RegExp(literal.slice(1, end), literal.slice(end + 1));
}

/** Loads a module of its own, and keeps the expressions that it builds meanwhile. */
async function builtBy(file: string): Promise<RegExp[]> {
  const { href } = moduleOf(file);
  // Of a build, stacks name the source.
  const place = `/src/${file.replace(/\.ts$/, '')}.`;
  const built: RegExp[] = [];
  const real = globalThis.RegExp;
  globalThis.RegExp = new Proxy(real, {
    construct(target, [pattern, flags]: [string | RegExp, string?]) {
      const expression = new target(pattern, flags);
      if (new Error().stack?.includes(place)) built.push(expression);
      return expression;
    },
  });
  try {
    await import(`${href}?expressions`);
  } finally {
    globalThis.RegExp = real;
  }
  return built;
}
