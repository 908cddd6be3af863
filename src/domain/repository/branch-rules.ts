import { createHash } from 'node:crypto';
import { compareUtf8 } from '../../shared/bytes.js';
import { DomainError } from '../errors.js';
import type { BranchId } from '../model.js';
import { compileGlob, GlobError } from './glob.js';

/** What a rule forbids: to stage anything; to move the head by anything but a merge. */
export type BlockedAction = 'staging_write' | 'commit';

export interface BranchRule {
  /** Of branch names; see `glob.ts`. */
  readonly pattern: string;
  readonly blocks: readonly BlockedAction[];
}

/** All rules of a repository at one moment. */
export interface BranchRules {
  /** Counts the changes of them; 0: there were none yet. */
  readonly revision: number;
  /** One a pattern, sorted by it. */
  readonly rules: readonly BranchRule[];
}

export const NO_RULES: BranchRules = { revision: 0, rules: [] };

export const RULES_MAX = 1_000;
export const PATTERN_CHARS_MAX = 1_024;

/**
 * Returns rules as they are kept: of a pattern given twice, the last.
 *
 * @throws DomainError invalid  a pattern that cannot be read, or too many of them
 */
export function orderedRules(rules: readonly BranchRule[]): readonly BranchRule[] {
  const byPattern = new Map(rules.map((rule) => [rule.pattern, rule]));
  if (byPattern.size > RULES_MAX) {
    throw new DomainError('invalid', { field: 'body', reason: `over ${RULES_MAX} rules` });
  }
  for (const pattern of byPattern.keys()) assertPattern(pattern);
  return [...byPattern.values()].sort((left, right) => compareUtf8(left.pattern, right.pattern));
}

function assertPattern(pattern: string): void {
  if (pattern.length > PATTERN_CHARS_MAX) {
    const reason = `over ${PATTERN_CHARS_MAX} characters`;
    throw new DomainError('invalid', { field: 'pattern', reason });
  }
  try {
    compileGlob(pattern);
  } catch (error) {
    if (!(error instanceof GlobError)) throw error;
    const reason = `'${pattern}' ${error.message}`;
    throw new DomainError('invalid', { field: 'pattern', reason });
  }
}

/** Returns what rules say of a branch, all that cover it together. */
export function blocksOn(
  { rules }: BranchRules,
  branch: BranchId,
): { readonly blocksWrites: boolean; readonly blocksCommits: boolean } {
  const covering = rules.filter(({ pattern }) => compileGlob(pattern).matches(branch));
  const has = (action: BlockedAction) => covering.some(({ blocks }) => blocks.includes(action));
  return { blocksWrites: has('staging_write'), blocksCommits: has('commit') };
}

/** Returns what names rules by their content: 64 hex digits; "" of none at all. */
export function checksumOf({ rules }: BranchRules): string {
  if (rules.length === 0) return '';
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex');
}
