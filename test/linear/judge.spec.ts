import { describe, expect, it } from '@jest/globals';
import { judge } from './judge.js';
import type { LoggedEvent } from './log-event.js';
import type { Answer, Operation, Recorded } from './operations.js';
import { md5 } from './places.js';

const UID = 'c0ffee0c0ffee0c0ffe0';
const done = { is: 'done' } as const;
const value = (body: string | undefined): Answer => ({
  is: 'value',
  value: body === undefined ? undefined : md5(body),
});
const stat = { do: 'stat', branch: 'main', path: 'a' } as const;
const put = (body: string, isIfAbsent = false): Operation => ({
  do: 'put',
  branch: 'main',
  path: 'a',
  body,
  isIfAbsent,
});

/** A log in which each event has the next place. */
class Log {
  readonly events: LoggedEvent[] = [];

  control(type: string, data: object, requestId = ''): this {
    return this.#add(`branch-${UID}-main`, type, data, requestId);
  }

  token(ordinal: number, type: string, data: object = {}, requestId = ''): this {
    return this.#add(`staging-${UID}.main.0.${ordinal}`, type, data, requestId);
  }

  staged(ordinal: number, body: string): this {
    return this.token(ordinal, 'ObjectStaged', { path: 'a', entry: { checksum: md5(body) } });
  }

  /** A branch that can be written to. */
  static open(): Log {
    return new Log()
      .control('BranchCreated', { life: 0, head: { commitId: 'c0' } })
      .token(0, 'TokenOpened')
      .control('TokenRotated', { opens: 0 });
  }

  /** Seals the token 0 for a commit. */
  request(message: string): this {
    const intent = { id: message, message, wish: { kind: 'commit' } };
    return this.token(0, 'TokenClosed')
      .token(1, 'TokenOpened')
      .control('IntentRequested', { intent, upto: 0, opens: 1 });
  }

  /** Seals a token for an import, which brings something onto a clean branch. */
  imported(message: string, { upto = 0, parent = 'c0' } = {}): this {
    const intent = { id: message, message, wish: { kind: 'import' } };
    const commit = { id: `commit ${message}`, parents: [parent], message };
    return this.token(upto, 'TokenClosed')
      .token(upto + 1, 'TokenOpened')
      .control('IntentRequested', { intent, upto, opens: upto + 1 })
      .control('Merged', { intentId: message, commit });
  }

  committed(message: string, parent = 'c0'): this {
    const commit = { id: `commit ${message}`, parents: [parent], message };
    return this.control('Committed', { intentId: message, commit });
  }

  #add(stream: string, type: string, data: object, requestId: string): this {
    const position = this.events.length + 1;
    this.events.push({ position, stream, revision: 0, type, requestId, data: { ...data } });
    return this;
  }
}

type Step = readonly [from: number, to: number, operation: Operation, answer: Answer];

function violationsOf(log: Log, steps: readonly Step[]): readonly string[] {
  const history = steps.map(([from, to, operation, answer], number): Recorded => {
    const [invokedNs, returnedNs] = [BigInt(from), BigInt(to)];
    const of = { number, client: number, node: 0, requestId: undefined };
    return { ...of, operation, invokedNs, returnedNs, answer };
  });
  return judge(history, log.events).violations;
}

const commit: Operation = { do: 'commit', branch: 'main', message: 'm' };
/** Everything on the branch gives way to `b`. */
const importing = (message: string, isCancelled = false): Operation => ({
  do: 'import',
  branch: 'main',
  message,
  isCancelled,
  sources: [{ kind: 'prefix', prefix: '', bodies: { b: 'two' } }],
});
const imported = (message: string): Answer => ({ is: 'done', commit: `commit ${message}` });
const holds = (id: string, ...bodies: readonly (readonly [string, string])[]) =>
  [
    { do: 'tree', commit: id },
    { is: 'entries', entries: new Map(bodies.map(([path, body]) => [path, md5(body)])) },
  ] as const;
/** A commit of `a`, and an import over it. */
const importedOver = () =>
  Log.open()
    .staged(0, 'one')
    .request('m')
    .committed('m')
    .imported('i', { upto: 1, parent: 'commit m' });
const committed: readonly Step[] = [
  [10, 20, put('one'), done],
  [30, 60, commit, { is: 'done', commit: 'commit m' }],
];
const unknown: Answer = { is: 'unknown', why: 'cut' };

describe('a history is linearizable', () => {
  it('when a read beside a write shows either', () => {
    const log = Log.open().staged(0, 'one');
    const write: Step = [10, 20, put('one'), done];
    expect(violationsOf(log, [write, [12, 18, stat, value('one')]])).toEqual([]);
    expect(violationsOf(log, [write, [12, 18, stat, value(undefined)]])).toEqual([]);
  });

  it('when what nobody was told of has happened, or has not', () => {
    const lost: Step = [10, 20, put('one'), unknown];
    expect(violationsOf(Log.open().staged(0, 'one'), [lost])).toEqual([]);
    expect(violationsOf(Log.open(), [lost])).toEqual([]);
  });

  it('when a commit holds what was written before it was asked for, and no later write', () => {
    const log = Log.open().staged(0, 'one').request('m').staged(1, 'two').committed('m');
    const tree: Operation = { do: 'tree', commit: 'commit m' };
    const steps: readonly Step[] = [
      [10, 20, put('one'), done],
      [30, 60, commit, { is: 'done', commit: 'commit m' }],
      [40, 50, put('two'), done],
      [70, 80, tree, { is: 'entries', entries: new Map([['a', md5('one')]]) }],
    ];
    expect(violationsOf(log, steps)).toEqual([]);
  });

  it('when an import brings what was asked for, in place of what stood there', () => {
    const brought: Step = [70, 80, importing('i'), imported('i')];
    const tree: Step = [90, 95, ...holds('commit i', ['b', 'two'])];
    expect(violationsOf(importedOver(), [...committed, brought, tree])).toEqual([]);
  });
});

const WRONG: readonly (readonly [string, Log, readonly Step[]])[] = [
  [
    'a read misses what was acknowledged before it began',
    Log.open().staged(0, 'one'),
    [
      [10, 20, put('one'), done],
      [30, 40, stat, value(undefined)],
    ],
  ],
  [
    'a read shows less than one that was answered before it began',
    Log.open().staged(0, 'one'),
    [
      [10, 50, put('one'), done],
      [12, 20, stat, value('one')],
      [30, 40, stat, value(undefined)],
    ],
  ],
  ['an acknowledged write is not there', Log.open(), [[10, 20, put('one'), done]]],
  [
    'a write is there twice',
    Log.open().staged(0, 'one').staged(0, 'one'),
    [[10, 20, put('one'), done]],
  ],
  [
    'a write that was refused is there',
    Log.open().staged(0, 'one'),
    [[10, 20, put('one', true), { is: 'refused', why: 'path_exists' }]],
  ],
  [
    'a write took a place where something was',
    Log.open().staged(0, 'one').staged(0, 'two'),
    [
      [10, 20, put('one'), done],
      [15, 25, put('two', true), done],
    ],
  ],
  [
    'a write stands before one that was acknowledged before it began',
    Log.open().staged(0, 'two').staged(0, 'one'),
    [
      [10, 20, put('one'), done],
      [30, 40, put('two'), done],
    ],
  ],
  [
    'a read shows what was asked for after it was answered',
    Log.open().staged(0, 'one'),
    [
      [10, 20, stat, value('one')],
      [30, 40, put('one'), done],
    ],
  ],
  [
    'nobody has asked for what is there',
    Log.open().staged(0, 'one'),
    [[10, 20, put('two'), unknown]],
  ],
  [
    'a write lands in a token that was closed',
    Log.open().request('m').staged(0, 'one').committed('m'),
    [
      [10, 20, commit, { is: 'done', commit: 'commit m' }],
      [10, 20, put('one'), done],
    ],
  ],
  [
    'there was nothing to commit, and there was',
    Log.open()
      .staged(0, 'one')
      .request('m')
      .control('IntentFailed', { intentId: 'm', reason: 'no_changes' }),
    [
      [10, 20, put('one'), done],
      [30, 40, commit, { is: 'refused', why: 'no_changes' }],
    ],
  ],
  [
    'somebody is told of another commit than the log has',
    Log.open().staged(0, 'one').request('m').committed('m'),
    [
      [10, 20, put('one'), done],
      [30, 40, commit, { is: 'done', commit: 'another' }],
    ],
  ],
  [
    'an intent has two results',
    Log.open().staged(0, 'one').request('m').committed('m').committed('m', 'commit m'),
    [
      [10, 20, put('one'), done],
      [30, 40, commit, { is: 'done', commit: 'commit m' }],
    ],
  ],
  [
    'an import brings other objects than it was asked for',
    Log.open().imported('i'),
    [
      [10, 20, importing('i'), imported('i')],
      [30, 40, ...holds('commit i', ['b', 'three'])],
    ],
  ],
  [
    'an import leaves what it was to replace',
    importedOver(),
    [
      ...committed,
      [70, 80, importing('i'), imported('i')],
      [90, 95, ...holds('commit i', ['a', 'one'], ['b', 'two'])],
    ],
  ],
  [
    'an import is on the branch twice',
    Log.open().imported('i').imported('i', { upto: 1, parent: 'commit i' }),
    [[10, 20, importing('i'), imported('i')]],
  ],
  [
    'an import is said to have failed, and is on the branch',
    Log.open().imported('i'),
    [[10, 20, importing('i'), { is: 'refused', why: 'not_found' }]],
  ],
  [
    'an import is said to be cancelled, and is on the branch',
    Log.open().imported('i'),
    [[10, 20, importing('i', true), { is: 'refused', why: 'cancelled' }]],
  ],
  [
    'an import is said to be cancelled that nobody has cancelled',
    Log.open(),
    [[10, 20, importing('i'), { is: 'refused', why: 'cancelled' }]],
  ],
  ['nobody has asked for an import', Log.open().imported('i'), []],
  [
    'an accepted intent never ends',
    Log.open().staged(0, 'one').request('m'),
    [
      [10, 20, put('one'), done],
      [30, 40, commit, unknown],
    ],
  ],
];

describe('a history is not linearizable', () => {
  it.each(WRONG)('when %s', (_, log, steps) => {
    expect(violationsOf(log, steps)).not.toEqual([]);
  });
});
