import ts from 'typescript';

/** An await of a built file, by its place in it; lines and columns count from 0. */
export interface Await {
  line: number;
  column: number;
}

export interface Marked {
  code: string;
  /** In the order of their numbers: the first of them is `from`. */
  awaits: Await[];
}

interface Insertion {
  at: number;
  text: string;
}

/**
 * Marks every await of a built module: `await x` tells when `x` was begun and when it was answered, `for await` each of its steps. Nothing
 * moves to another line, nothing is awaited longer. (`await using` is built as plain awaits.)
 */
export function markAwaits(name: string, code: string, from: number): Marked {
  const source = ts.createSourceFile(name, code, ts.ScriptTarget.ESNext, false, ts.ScriptKind.JS);
  const awaits: Await[] = [];
  const insertions: Insertion[] = [];
  const numbered = (node: ts.Node): number => {
    const { line, character } = source.getLineAndCharacterOfPosition(node.getStart(source));
    return from + awaits.push({ line, column: character }) - 1;
  };
  const visit = (node: ts.Node): void => {
    if (ts.isAwaitExpression(node)) {
      const place = numbered(node);
      const { expression } = node;
      insertions.push(
        { at: node.getStart(source), text: `__countersignAnswered(${place},` },
        { at: expression.getStart(source), text: `__countersignBegun(${place},` },
        { at: expression.getEnd(), text: '))' },
      );
    }
    if (ts.isForOfStatement(node) && node.awaitModifier) {
      const place = numbered(node);
      const { expression } = node;
      insertions.push(
        { at: expression.getStart(source), text: `__countersignEach(${place},` },
        { at: expression.getEnd(), text: ')' },
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { code: inserted(code, insertions), awaits };
}

/** Of two at the same place the one that was found first stands first: the outer one opens before the inner one. */
function inserted(code: string, insertions: Insertion[]): string {
  let result = '';
  let done = 0;
  for (const { at, text } of insertions.toSorted((a, b) => a.at - b.at)) {
    result += code.slice(done, at) + text;
    done = at;
  }
  return result + code.slice(done);
}
