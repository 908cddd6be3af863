import { PAGE_ITEMS_MAX } from '../../shared/page.js';
import { described, type Schema, TEXT, whole } from './schema.js';

/** What parts of a path and a query may be. The rules themselves stand in `parse.ts`. */
export const PATH: Schema = {
  type: 'string',
  minLength: 1,
  // In characters; the rule is 1,024 bytes of UTF-8.
  maxLength: 1024,
  description: "The object's path: 1 to 1,024 bytes of UTF-8 without NUL",
};
export const AFTER = described(TEXT, 'Only what comes after this key');
export const AMOUNT: Schema = {
  ...whole(-1, PAGE_ITEMS_MAX),
  default: 100,
  description: 'At most so many; 0 and -1 are the usual 100',
};
export const PREFIX = described(TEXT, 'Only what begins with this');
export const DELIMITER = described(TEXT, 'Folds what shares a prefix up to this into one item');

const REF = described(
  { type: 'string', minLength: 1, pattern: String.raw`^\S+$` },
  'A branch, a tag or a commit, as of a moment too (`main@{…}`), with ~N, ^N, @ or $ behind it',
);
const ID: Schema = { type: 'string', minLength: 1 };

/** By the name in braces; any other is text of at least one character. */
const pathSchemas: Readonly<Record<string, Schema>> = {
  repository: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{2,62}$' },
  branch: { type: 'string', pattern: String.raw`^\w[-\w]*$` },
  destinationBranch: { type: 'string', pattern: String.raw`^\w[-\w]*$` },
  ref: REF,
  sourceRef: REF,
  leftRef: REF,
  rightRef: REF,
  commitId: REF,
};

export function pathSchemaOf(name: string): Schema {
  return pathSchemas[name] ?? ID;
}
