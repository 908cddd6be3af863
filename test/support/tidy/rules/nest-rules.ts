import { NEST_ROOMS } from '../rooms.js';
import { fileRule, type Finding, type Rule } from '../rule.js';
import { asNode, nodesOf, pathOf } from '../syntax.js';

const MODULE_LINES_MAX = 40;
/** What we do not take of `@nestjs/cqrs`: here an event exists once the log has it. */
const CQRS_LEFT_OUT =
  /^(EventBus|EventPublisher|AggregateRoot|Saga|EventsHandler|IEventHandler|IEventBus)$/;

export const nestRules: readonly Rule[] = [
  fileRule(
    'nest-room',
    (file) => file.isProduct && !NEST_ROOMS.includes(file.room),
    (file) =>
      file.imports
        .filter(({ from }) => from.startsWith('@nestjs/'))
        .map(({ from, node }): Finding => [file.lineOf(node), `'${from}' in ${file.room}`]),
  ),
  fileRule(
    'cqrs-part',
    (file) => file.isProduct,
    (file) =>
      file.imports
        .filter(({ from }) => from === '@nestjs/cqrs')
        .flatMap(({ names, node }) =>
          names
            .filter((name) => CQRS_LEFT_OUT.test(name))
            .map((name): Finding => [file.lineOf(node), name]),
        ),
  ),
  // A port is an abstract class, so it is its own token.
  fileRule(
    'nest-inject',
    (file) => file.isProduct,
    (file) =>
      nodesOf(file.program, 'Decorator')
        .filter((node) => pathOf(asNode(node['expression'])['callee']) === 'Inject')
        .map((node) => [file.lineOf(node), '@Inject()']),
  ),
  fileRule(
    'nest-module',
    (file) => file.path.endsWith('.module.ts'),
    (file) =>
      nodesOf(file.program, 'ClassDeclaration').flatMap((node): readonly Finding[] => {
        const count = file.lastLineOf(node) - file.lineOf(node) + 1;
        const isList = count <= MODULE_LINES_MAX && nodesOf(node, 'Constructor').length === 0;
        return isList ? [] : [[file.lineOf(node), `a module is a list; this has ${count} lines`]];
      }),
  ),
];
