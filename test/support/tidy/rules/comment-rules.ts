import { everywhere, fileRule, type Finding, type Rule } from '../rule.js';
import type { SourceFile } from '../source-file.js';

const SILENCED = /@ts-(ignore|nocheck)\b/;
/** A reminder with no number is forgotten with the file. */
const REMINDER = /\b(TODO|FIXME|XXX)\b(?! ?\(?#\d+)/;

export const commentRules: readonly Rule[] = [
  fileRule('ts-ignore', everywhere, (file) => inComments(file, SILENCED)),
  fileRule('todo', everywhere, (file) => inComments(file, REMINDER)),
];

function inComments(file: SourceFile, pattern: RegExp): readonly Finding[] {
  return file.comments.flatMap(({ text, startByte }) =>
    text.split('\n').flatMap((line, at): readonly Finding[] => {
      const match = pattern.exec(line);
      return match ? [[file.lineAt(startByte) + at, match[0]]] : [];
    }),
  );
}
