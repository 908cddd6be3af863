import type { SourceFile } from './source-file.js';
import type { Tree } from './tree.js';

export interface Breach {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

/** A sentence about the sources that a machine can check. */
export interface Rule {
  readonly name: string;
  check(tree: Tree): readonly Breach[];
}

/** What a rule has to say of one file: where, and what is wrong there. */
export type Finding = readonly [line: number, what: string];

/** Makes a rule that looks at one file at a time. */
export function fileRule(
  name: string,
  appliesTo: (file: SourceFile) => boolean,
  find: (file: SourceFile, tree: Tree) => readonly Finding[],
): Rule {
  return {
    name,
    check: (tree) =>
      tree.files
        .filter(appliesTo)
        .flatMap((file) =>
          find(file, tree).map(([line, what]) => ({ rule: name, file: file.path, line, what })),
        ),
  };
}

export const everywhere = (): boolean => true;
