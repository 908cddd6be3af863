import type { Breach, Rule } from './rule.js';
import { commentRules } from './rules/comment-rules.js';
import { cycleRule } from './rules/cycle-rule.js';
import { domainRules } from './rules/domain-rules.js';
import { moduleRules } from './rules/module-rules.js';
import { nestRules } from './rules/nest-rules.js';
import { roomRules } from './rules/room-rules.js';
import { sizeRules } from './rules/size-rules.js';
import { testRules } from './rules/test-rules.js';
import { typeRules } from './rules/type-rules.js';
import { worldRules } from './rules/world-rules.js';
import type { Tree } from './tree.js';

export const RULES: readonly Rule[] = [
  ...roomRules,
  cycleRule,
  ...moduleRules,
  ...sizeRules,
  ...typeRules,
  ...commentRules,
  ...testRules,
  ...worldRules,
  ...domainRules,
  ...nestRules,
];

export const breachesIn = (tree: Tree): readonly Breach[] =>
  RULES.flatMap((rule) => rule.check(tree));
