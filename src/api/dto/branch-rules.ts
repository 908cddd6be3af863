import type { BranchRule } from '../../domain/repository/branch-rules.js';
import { DomainError } from '../../domain/errors.js';
import { checked, IsText } from '../json-body.js';
import { listOf, shape } from '../openapi/schema.js';

export class BranchProtectionRule {
  @IsText()
  readonly pattern!: string;
}

export const BRANCH_RULES = listOf(
  shape('BranchProtectionRule', { pattern: { type: 'string', minLength: 1 } }),
);

/** @throws DomainError invalid  no list, or naming the rule that is wrong */
export function branchRules(body: unknown): readonly BranchRule[] {
  if (!Array.isArray(body)) {
    throw new DomainError('invalid', { field: 'body', reason: 'must be a list of rules' });
  }
  return body.map((each, at) => branchRule(checked(BranchProtectionRule, each, `${at}.`)));
}

/** Over this API every rule forbids everything that a rule can. */
export function branchRule({ pattern }: BranchProtectionRule): BranchRule {
  if (pattern === '') {
    throw new DomainError('invalid', { field: 'pattern', reason: 'must not be empty' });
  }
  return { pattern, blocks: ['staging_write', 'commit'] };
}
