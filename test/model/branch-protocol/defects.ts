import { Branches, type BranchFold } from '../../../src/commands/branch/branches.js';
import type { BranchPlace, IntentOutcome } from '../../../src/commands/branch/branches.js';
import { buildResult } from '../../../src/commands/branch/build-result.js';
import { ResultPass } from '../../../src/commands/branch/result-pass.js';
import { BranchOperations } from '../../../src/commands/branch/branch-operations.js';
import { Intents } from '../../../src/commands/branch/intents.js';
import type { IntentRequest } from '../../../src/domain/branch/branch.events.js';
import { eventIdOf } from '../../../src/domain/event-id.js';
import type { CommandId, MetaRangeId, StorageNamespace } from '../../../src/domain/model.js';
import {
  CommittedStore,
  DEFAULT_RANGE_PARAMETERS,
  type ChangeBatch,
} from '../../../src/ports/committed-store.js';
import type { EventContext, EventLog, StreamAppend } from '../../../src/ports/event-log.js';
import { UnknownOutcome, WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { ReadsAt, type PlannedRead } from '../../../src/queries/read-at.js';
import type { SingleStreamStore } from '../../../src/event-log/single-stream-store.js';
import { ForwardingLog } from './forwarding-log.js';
import type { NodeParts } from './node.js';
import type { Among } from './scenario.js';
import { contextOf } from '../../../src/commands/new-events.js';
import type { Request } from '../../../src/commands/request.js';

/** What is made wrong on purpose, to see that it is found. */
export interface Defect extends Among {
  /** Stands between a node's commands and the log as the node sees it. */
  readonly log?: (log: EventLog) => EventLog;
  /** Stands where the log judges. */
  readonly store?: (log: EventLog) => EventLog;
  readonly streams?: (store: SingleStreamStore) => SingleStreamStore;
  readonly resent?: (appends: readonly StreamAppend[]) => readonly StreamAppend[];
  readonly committed?: (store: CommittedStore, node: string) => CommittedStore;
  readonly parts?: NodeParts;
  /** Reads of streams tell what the views do not show yet. */
  readonly givesOutEarly?: boolean;
}

type Appends = readonly StreamAppend[];
const holds = (appends: Appends, type: string) =>
  appends.some(({ events }) => events.some((event) => event.type === type));
const isClose = ({ events }: StreamAppend) => events[0]?.type === 'TokenClosed';
let freshCount = 0;
const withFreshIds = (appends: Appends): Appends =>
  appends.map((append) => ({
    ...append,
    events: append.events.map((event) => ({ ...event, id: eventIdOf('fresh', freshCount++) })),
  }));
/** Changes what a node appends. */
export const changing = (change: (appends: Appends) => Appends) => (log: EventLog) =>
  new (class extends ForwardingLog {
    override append(appends: Appends, context: EventContext) {
      return this.log.append(change(appends), context);
    }
  })(log);

/** What a request names is not there yet, and what it takes is not closed. */
const requestFirst = (appends: Appends): Appends => {
  if (!holds(appends, 'IntentRequested')) return appends;
  return appends.toReversed();
};

/** What stands behind a refused append is taken when the revision happens to fit. */
const standingAlone = (appends: Appends): Appends =>
  appends.map(({ stream, expected, events, guard }) => ({
    stream,
    expected,
    events,
    ...(guard && { guard }),
  }));

/** A write to a token that is not open yet is refused, and perhaps not for good. */
const withoutItsOpening = (appends: Appends): Appends =>
  appends.map(({ behind, ...append }) =>
    append.expected === 'open' && !isClose(append)
      ? append
      : { ...append, ...(behind && { behind }) },
  );

/** After an unknown outcome it looks for nothing: it sends a new event to where the stream ends. */
class SendsAnew implements SingleStreamStore {
  constructor(private readonly store: SingleStreamStore) {}

  async appendAt(...[stream, revision, events]: Parameters<SingleStreamStore['appendAt']>) {
    try {
      return await this.store.appendAt(stream, revision, events);
    } catch (error) {
      if (!(error instanceof UnknownOutcome)) throw error;
      const options = { from: Number.MAX_SAFE_INTEGER, direction: 'backward', limit: 1 } as const;
      const [last] = await this.store.read(stream, options);
      const anew = events.map((event) => ({ ...event, id: eventIdOf('fresh', freshCount++) }));
      return this.store.appendAt(stream, last?.revision ?? -1, anew);
    }
  }

  read(...asked: Parameters<SingleStreamStore['read']>) {
    return this.store.read(...asked);
  }

  readAll(...asked: Parameters<SingleStreamStore['readAll']>) {
    return this.store.readAll(...asked);
  }

  lastPosition(after: number) {
    return this.store.lastPosition(after);
  }

  subscribe(...asked: Parameters<SingleStreamStore['subscribe']>) {
    return this.store.subscribe(...asked);
  }

  close() {
    return this.store.close();
  }
}

/** Takes what it has sent for what stands in the log, though another may have been first. */
class BelievesItsAppends extends ForwardingLog {
  override get groups() {
    return 'whole' as const;
  }
}

/** Every node has the same name, so each takes another's claim for its own. */
class TakesAnyClaim extends Intents {
  constructor(...[ports, ...others]: ConstructorParameters<typeof Intents>) {
    super({ ...ports, ids: { commandId: () => 'everybody' as CommandId } }, ...others);
  }
}

/** A group goes as two appends, the request and its token before the close of the old one. */
class OpensBeforeItCloses extends ForwardingLog {
  override async append(appends: Appends, context: EventContext) {
    if (!holds(appends, 'TokenClosed') || !holds(appends, 'IntentRequested')) {
      return this.log.append(appends, context);
    }
    const results = await this.log.append(
      appends.filter((append) => !isClose(append)),
      context,
    );
    await this.log.append(appends.filter(isClose), context);
    return results;
  }
}

/** Says "closed" before it looks whether it knows the event. */
class JudgesOpennessFirst extends ForwardingLog {
  override async append(appends: Appends, context: EventContext) {
    for (const { stream, expected } of appends) {
      const actual = await this.log.end(stream);
      if (expected === 'open' && actual.isClosed) {
        throw new WrongExpectedRevision(stream, expected, actual, 'closed');
      }
    }
    return this.log.append(appends, context);
  }
}

/** Says that there is no branch because it saw none when it looked last. */
class BelievesItsCache extends Branches {
  override async view(place: BranchPlace): Promise<BranchFold> {
    const cached = this.cached(place);
    return cached?.state.status === 'absent' ? cached : super.view(place);
  }
}

type IntentPorts = ConstructorParameters<typeof Intents>[0];

/** Waits for somebody else to do it. */
class HelpsNobody extends Intents {
  readonly #ports: IntentPorts;

  constructor(...from: ConstructorParameters<typeof Intents>) {
    super(...from);
    this.#ports = from[0];
  }

  override help(): Promise<void> {
    return this.#ports.clock.sleep(1);
  }
}

/** Answers with the commit that it would make, whatever the log says. */
class AnswersWhatItComputed extends Intents {
  readonly #from: readonly [IntentPorts, Branches];

  constructor(...from: ConstructorParameters<typeof Intents>) {
    super(...from);
    this.#from = [from[0], from[1]];
  }

  override async outcome(
    place: BranchPlace,
    intentId: IntentRequest['id'],
    request: Request,
  ): Promise<IntentOutcome> {
    const [ports, branches] = this.#from;
    const { state } = await branches.view(place);
    const next = state.status === 'live' ? state.queue[0] : undefined;
    const mine =
      state.status === 'live' && next?.kind === 'request' && next.request.id === intentId
        ? await buildResult(
            {
              stores: ports,
              pass: new ResultPass(ports),
              context: contextOf(request, ports.clock),
            },
            place,
            state,
            next,
          )
        : undefined;
    const recorded = await super.outcome(place, intentId, request);
    return mine ?? recorded;
  }
}

/** A store like another one. */
class ForwardingTrees extends CommittedStore {
  constructor(protected readonly store: CommittedStore) {
    super();
  }

  get(...asked: Parameters<CommittedStore['get']>) {
    return this.store.get(...asked);
  }

  scan(...asked: Parameters<CommittedStore['scan']>) {
    return this.store.scan(...asked);
  }

  storeEmpty(...asked: Parameters<CommittedStore['storeEmpty']>) {
    return this.store.storeEmpty(...asked);
  }

  apply(...asked: Parameters<CommittedStore['apply']>) {
    return this.store.apply(...asked);
  }

  diff(...asked: Parameters<CommittedStore['diff']>) {
    return this.store.diff(...asked);
  }

  merge(...asked: Parameters<CommittedStore['merge']>) {
    return this.store.merge(...asked);
  }

  ranges(...asked: Parameters<CommittedStore['ranges']>) {
    return this.store.ranges(...asked);
  }
}

/** Leaves out the last of the changes. */
class LeavesOut extends ForwardingTrees {
  override apply(
    namespace: StorageNamespace,
    base: MetaRangeId,
    changes: AsyncIterable<ChangeBatch>,
  ) {
    return this.store.apply(namespace, base, withoutLast(changes), DEFAULT_RANGE_PARAMETERS);
  }
}

/** Has no object at all. */
class KnowsNothing extends ForwardingTrees {
  override async get() {
    return undefined;
  }
}

/** Sees a branch on which nothing is pending. */
class SeesNoQueue extends ReadsAt {
  override async read(...asked: Parameters<ReadsAt['read']>): Promise<PlannedRead> {
    const read = await super.read(...asked);
    const { branch } = read.point;
    if (!branch) return read;
    return { ...read, point: { ...read.point, branch: { ...branch, pendingCount: 0 } } };
  }
}

/** Takes a ref for what it was when it was looked up, whatever the head is by then. */
class CountsFromAnyHead extends BranchOperations {
  override async namedFrom(...asked: Parameters<BranchOperations['namedFrom']>) {
    return { ...(await super.namedFrom(...asked)), head: null };
  }
}

async function* withoutLast(changes: AsyncIterable<ChangeBatch>) {
  for await (const batch of changes) yield [...batch].slice(0, -1);
}

/** A life is named by 0, whichever it is. */
const inLifeNought = (appends: Appends): Appends =>
  appends.map((append) => ({
    ...append,
    events: append.events.map((event) => {
      const { record } = event.data;
      if (event.type !== 'BranchCreated') return event;
      return { ...event, data: { ...event.data, life: 0, record: { ...(record as {}), life: 0 } } };
    }),
  }));

const whateverItsEnd = (appends: Appends, type: string): Appends =>
  appends.map((append) =>
    append.stream.startsWith('branch-') && append.events.some((event) => event.type === type)
      ? { ...append, expected: 'any' }
      : append,
  );

const dropsWithClose = (appends: Appends): Appends =>
  appends.map((append) => {
    const [event] = append.events;
    if (event?.type !== 'TokenClosed') return append;
    const dropped = { ...event, id: eventIdOf(event.id, 'drop'), type: 'StagedRowsDropped' };
    return { ...append, events: [event, { ...dropped, data: {} }] };
  });

const STEPS = ['stepwise'] as const;

/** Defects by what they are; each is planted on both kinds of log, unless one alone can have it. */
export const defects: Readonly<Record<string, Defect>> = {
  'the next token is opened before the old one is closed': {
    log: (log) => new OpensBeforeItCloses(log),
  },
  'a result is appended without an expected revision': {
    log: changing((appends) => {
      const isResult = holds(appends, 'Committed') || holds(appends, 'IntentFailed');
      if (!isResult) return appends;
      return withFreshIds(whateverItsEnd(whateverItsEnd(appends, 'Committed'), 'IntentFailed'));
    }),
  },
  'an append forgets what it stands behind': { log: changing(standingAlone), logs: ['whole'] },
  'a write does not name what opens its token': {
    store: changing(withoutItsOpening),
    logs: ['whole'],
    casts: ['puts, removals, listings'],
    // What goes in one call is not lost apart from what it stands behind.
    isBatched: false,
  },
  'a request is made before its token is closed': { log: changing(requestFirst), logs: STEPS },
  'what was sent is taken for what stands': {
    log: (log) => new BelievesItsAppends(log),
    logs: STEPS,
    casts: ['puts and commits', 'merges'],
  },
  'a claim of another node is taken for its own': {
    parts: { Intents: TakesAnyClaim },
    casts: ['hooks'],
  },
  // Dropped as soon as they are consumed they are missed by no read of one statement: what takes
  // several is told of it, see staging.view.spec.ts.
  'rows are dropped as soon as their token is closed': { log: changing(dropsWithClose) },
  'after an unknown outcome a new event is sent': {
    resent: withFreshIds,
    streams: (store) => new SendsAnew(store),
  },
  'openness is judged before the event id': {
    store: (log) => new JudgesOpennessFirst(log),
    logs: ['whole'],
    casts: ['puts and commits'],
  },
  'a successor is named without an expected revision': {
    log: changing((appends) =>
      whateverItsEnd(whateverItsEnd(appends, 'TokenRotated'), 'IntentRequested'),
    ),
  },
  'a branch created again keeps its token': { log: changing(inLifeNought) },
  'a cache says that there is no branch': {
    parts: { Branches: BelievesItsCache },
    casts: ['delete and re-create'],
  },
  'nobody helps': { parts: { Intents: HelpsNobody } },
  'who asked answers what it computed': { parts: { Intents: AnswersWhatItComputed } },
  'a conditional put looks at staging only': {
    parts: { lookedInto: (store) => new KnowsNothing(store) },
    casts: ['conditional puts'],
  },
  'a conditional put does not wait for a merge': {
    parts: { ReadsAt: SeesNoQueue },
    casts: ['conditional puts'],
  },
  'a hard reset is counted from a head that has gone on': {
    parts: { BranchOperations: CountsFromAnyHead },
    casts: ['resets'],
  },
  'an undo is filled by each node with words of its own': {
    log: changing((appends) => {
      if (!holds(appends, 'WordsRestored')) return appends;
      return withFreshIds(appends.map((append) => ({ ...append, expected: 'any' })));
    }),
    casts: ['undos'],
  },
  'what the views do not show yet is given out': {
    givesOutEarly: true,
    logs: STEPS,
    behind: 'shared',
    casts: ['puts and commits', 'merges', 'resets'],
  },
  'a helper builds another result': {
    committed: (store, node) => (node === 'B' ? new LeavesOut(store) : store),
  },
};
