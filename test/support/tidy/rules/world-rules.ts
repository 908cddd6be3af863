import { globalsIn } from '../globals.js';
import { WORLDLY } from '../rooms.js';
import { fileRule, type Finding, type Rule } from '../rule.js';
import type { SourceFile } from '../source-file.js';
import { asNodes, nodesOf, pathOf } from '../syntax.js';

/** What only adapters may touch; everybody else is given it, or a test could not replay a run. */
interface World {
  readonly rule: string;
  readonly globals: RegExp;
  /** Modules, without `node:`. A type of them touches nothing. */
  readonly modules?: RegExp;
  /** Names of `node:crypto` that are meant; left out: none. */
  readonly cryptoNames?: RegExp;
}

const WORLDS: readonly World[] = [
  {
    rule: 'clock',
    globals: /^(Date\.now|performance\.(now|timeOrigin)|process\.(hrtime|uptime)|Temporal\.Now)\b/,
    modules: /^perf_hooks$/,
  },
  {
    rule: 'randomness',
    globals: /^(Math\.random|crypto\.(random|getRandom|generate|subtle\.generate))/,
    cryptoNames: /^(random|getRandom|generate|webcrypto|prng|pseudoRandom|rng)/,
  },
  {
    rule: 'timer',
    globals: /^((set|clear)(Timeout|Interval|Immediate)|AbortSignal\.timeout|scheduler)\b/,
    modules: /^timers(\/.*)?$/,
  },
  {
    rule: 'io',
    globals: /^(fetch|WebSocket|EventSource|XMLHttpRequest|console|require)\b/,
    modules: new RegExp(
      '^(fs|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|cluster|os|repl|' +
        'readline|inspector|sqlite|wasi|tty|vm|v8|diagnostics_channel|trace_events)(/.*)?$',
    ),
  },
  { rule: 'process', globals: /^process\b(?!\.(env|hrtime|uptime)\b)/, modules: /^process$/ },
];

const isWorldless = (file: SourceFile): boolean => file.isProduct && !WORLDLY.includes(file.room);

export const worldRules: readonly Rule[] = [
  ...WORLDS.map((world) => fileRule(world.rule, isWorldless, (file) => findings(file, world))),
  fileRule(
    'environment',
    (file) => file.isProduct && file.room !== 'config',
    (file) => [
      ...globalsIn(file)
        .filter(({ path }) => /^process\.env\b/.test(path))
        .map(({ path, node }): Finding => [file.lineOf(node), path]),
      ...file.imports
        .filter(({ from, names }) => /^(node:)?process$/.test(from) && names.some(isEnvOrAll))
        .map(({ from, node }): Finding => [file.lineOf(node), from]),
    ],
  ),
];

const isEnvOrAll = (name: string): boolean => ['env', 'default', '*'].includes(name);

function findings(file: SourceFile, world: World): readonly Finding[] {
  return [
    ...globalsIn(file)
      .filter(({ path }) => world.globals.test(path))
      .map(({ path, node }): Finding => [file.lineOf(node), path]),
    ...file.imports
      .filter(({ from, isTypeOnly }) => !isTypeOnly && world.modules?.test(bare(from)))
      .map(({ from, node }): Finding => [file.lineOf(node), from]),
    ...cryptoUses(file, world.cryptoNames),
    ...(world.rule === 'clock' ? datesOfNow(file) : []),
  ];
}

const bare = (from: string): string => from.replace(/^node:/, '');

/** Hashing is pure and allowed, so of `node:crypto` it is the names that count. */
function cryptoUses(file: SourceFile, names: RegExp | undefined): readonly Finding[] {
  if (!names) return [];
  const imports = file.imports.filter((one) => !one.isTypeOnly && bare(one.from) === 'crypto');
  const byName = imports.flatMap(({ names: taken, node }) =>
    taken.filter((name) => names.test(name)).map((name): Finding => [file.lineOf(node), name]),
  );
  const wholes = imports
    .flatMap(({ node }) => asNodes(node['specifiers']))
    .filter(({ type }) => type !== 'ImportSpecifier')
    .map((one) => pathOf(one['local']) ?? '');
  const byPath = file.uses.flatMap(({ path, node }): readonly Finding[] => {
    const [first = '', second = ''] = path.split('.');
    return wholes.includes(first) && names.test(second) ? [[file.lineOf(node), path]] : [];
  });
  return [...byName, ...byPath];
}

/** `new Date()` and `Date()` say what time it is; `new Date(ms)` does not. */
function datesOfNow(file: SourceFile): readonly Finding[] {
  return nodesOf(file.program, 'NewExpression', 'CallExpression')
    .filter((node) => /^(globalThis\.)?Date$/.test(pathOf(node['callee']) ?? ''))
    .filter((node) => node.type === 'CallExpression' || asNodes(node['arguments']).length === 0)
    .map((node) => [file.lineOf(node), 'the time of now']);
}
