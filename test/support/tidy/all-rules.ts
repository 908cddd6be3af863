import { EXCEPTIONS } from './rooms.js';
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

/** Returns every breach in a tree but those that are excepted. */
export const breachesIn = (tree: Tree): readonly Breach[] =>
  RULES.flatMap((rule) => rule.check(tree)).filter((breach) => !exceptionOf(breach));

/** Returns the exceptions that except nothing in a tree: the breach is gone, or has moved. */
export function unusedExceptions(tree: Tree): readonly (typeof EXCEPTIONS)[number][] {
  const breaches = RULES.flatMap((rule) => rule.check(tree));
  const used = new Set(breaches.map(exceptionOf));
  return EXCEPTIONS.filter((one) => !used.has(one));
}

const exceptionOf = ({ rule, file, what }: Breach) =>
  EXCEPTIONS.find((one) => one.rule === rule && one.file === file && one.what === what);
