import { expectedOf, withRecords } from '../../../src/commands/branch/branches.js';
import type { BranchFold } from '../../../src/commands/branch/branches.js';
import type { Intents } from '../../../src/commands/branch/intents.js';
import { contextOf, newEvent } from '../../../src/commands/new-events.js';
import type { BranchEvent, StoredBranchEvent } from '../../../src/domain/branch/branch.events.js';
import { branchStream } from '../../../src/domain/branch/branch.stream.js';
import { decodeEvent } from '../../../src/domain/event-types.js';
import type { ObjectPath } from '../../../src/domain/model.js';
import { READ_EVENTS_MAX } from '../../../src/ports/event-log.js';
import { MemoryCommittedStore } from '../../support/memory-committed-store.js';
import { work } from '../../support/samples/branch.samples.js';
import { lake, uid } from '../../support/samples/repository.samples.js';
import type { HookRunner } from '../../../src/ports/hook-runner.js';
import { StepwiseEventLog } from '../../../src/event-log/stepwise-event-log.js';
import type { LogKind } from './node-log.js';
import { HookedLog } from './hooked-log.js';
import { Node } from './node.js';
import { perform, requestOf, type Answer, type Operation } from './operations.js';
import { assertRebuilt, World } from './world.js';

export const place = { repository: lake, branch: work };

/** Two or three nodes over one log, told what to do one after the other; each step is checked. */
export class Stage {
  readonly world = new World();
  #count = 0;

  constructor(private readonly kind: LogKind = 'whole') {}

  static async open(kind?: LogKind): Promise<Stage> {
    const stage = new Stage(kind);
    await stage.world.found();
    return stage;
  }

  /** A node that has seen nothing yet, with a log that a test can get between. */
  node(
    parts?: ConstructorParameters<typeof Node>[1],
    hookRunner?: HookRunner,
  ): Node & { readonly hooks: HookedLog } {
    const { log, streams, kv, committed, clock, ids } = this.world;
    const own = this.kind === 'whole' ? log : new StepwiseEventLog({ store: streams });
    const hooks = new HookedLog(own);
    const trees = new MemoryCommittedStore(committed.trees);
    const ports = { log: hooks, kv, committed: trees, clock, ids };
    const node = new Node({ ...ports, ...(hookRunner && { hooks: hookRunner }) }, parts);
    return Object.assign(node, { hooks });
  }

  /** Lets whatever is under way go on until something is so. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    for (let rounds = 0; !(await isSo()); rounds++) {
      if (rounds > 10_000) throw new Error('it never came to that');
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  async pendingCount(): Promise<number> {
    return (await this.controlEvents()).at(-1)?.record?.pendingCount ?? 0;
  }

  /** Does one thing on a node and checks what came of it. */
  async does(node: Node, operation: Operation, id = `do-${this.#count++}`): Promise<Answer> {
    const answer = await perform(node, id, operation);
    await this.world.catchUp();
    return answer;
  }

  put(node: Node, value: string, id?: string): Promise<Answer> {
    return this.does(node, { kind: 'put', path: 'a' as ObjectPath, value }, id);
  }

  commit(node: Node, id?: string): Promise<Answer> {
    return this.does(node, { kind: 'commit' }, id);
  }

  async recreate(node: Node): Promise<void> {
    await this.does(node, { kind: 'delete' });
    await this.does(node, { kind: 'create' });
  }

  /** Returns what readers see: checksums by path; null: no branch. */
  async seen(): Promise<Record<string, string> | null> {
    const content = await this.world.seen();
    return content && Object.fromEntries(content);
  }

  async controlEvents(): Promise<readonly StoredBranchEvent[]> {
    const options = { from: 0, direction: 'forward', limit: READ_EVENTS_MAX } as const;
    const events = await this.world.log.read(branchStream(uid, work), options);
    return events.map(decodeEvent) as StoredBranchEvent[];
  }

  async controlTypes(): Promise<readonly string[]> {
    return (await this.controlEvents()).map(({ type }) => type);
  }

  /** Appends a control event by hand, as someone would whose code is not here yet. */
  async says(event: BranchEvent): Promise<void> {
    const seen = await this.view(this.node());
    const [stored] = withRecords(seen.state, [event]);
    if (!stored) throw new Error('an event is stored as one');
    const append = {
      stream: branchStream(uid, work),
      expected: expectedOf(seen),
      events: [newEvent(stored, event.type, event.type)],
    };
    await this.world.log.append([append], contextOf(requestOf('by hand'), this.world.clock));
    await this.world.catchUp();
  }

  /** Sweeps on a node that has just come up, until whatever may go has gone. */
  async sweep(): Promise<void> {
    const node = this.node();
    for (let round = 0; round < 3; round++) {
      await node.sweep.run();
      await this.world.catchUp();
      this.world.clock.advance(2_000);
    }
    await assertRebuilt(this.world.log, this.world.kv);
  }

  perform(node: Node, intent: Parameters<Intents['perform']>[1]): ReturnType<Intents['perform']> {
    return node.intents.perform(place, intent, requestOf(intent.id));
  }

  view(node: Node): Promise<BranchFold> {
    return node.branches.view(place);
  }
}

/** A node that dies: whatever it was doing ends here. */
export class Died extends Error {
  override readonly name = 'Died';
}

export const dies = async (): Promise<never> => {
  throw new Died('it died');
};
