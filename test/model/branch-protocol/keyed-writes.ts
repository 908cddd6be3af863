import { CommitBranch } from '../../../src/commands/branch/commit-branch.js';
import { StageObject } from '../../../src/commands/object/stage-object.js';
import type { Request } from '../../../src/commands/request.js';
import { DomainError } from '../../../src/domain/errors.js';
import type { CommandId, ObjectEntry, ObjectPath, UserId } from '../../../src/domain/model.js';
import type { EventLog } from '../../../src/ports/event-log.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { assertHolds } from '../../../src/domain/staging/write-condition.js';
import { MemoryCommittedStore } from '../../support/memory-committed-store.js';
import { work } from '../../support/samples/branch.samples.js';
import { lake } from '../../support/samples/repository.samples.js';
import { atEdge, type Said } from './at-edge.js';
import { Node, partsOf } from './node.js';
import { perform } from './operations.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { sources } from './sources.js';
import { place } from './stage.js';
import { SteppedKv } from './stepped-kv.js';
import { LOG_KINDS, nodeLog, type LogKind } from './node-log.js';
import type { AppendFault, Fate } from './stepped-log.js';
import { must } from './violation.js';
import { World } from './world.js';

const path = 'a' as ObjectPath;
const merge = { kind: 'merge', strategy: 'default', isSquash: false } as const;
const caller = { user: 'ann' as UserId, requestId: 'keyed' };
const TAKEN = 'path_exists';

/**
 * Lets two nodes take the same keyed write at once while others write, commit and merge, kills one
 * of them, and lets a third take it again: it lands once at most, and all are told the same.
 *
 * @param change  what is made wrong on purpose with the log as a node sees it
 * @throws when it does not hold, with the steps that led there
 */
export async function exploreKeyed(
  seed: number,
  change: (log: EventLog) => EventLog = (log) => log,
): Promise<void> {
  const run = new KeyedRun(new Random(seed), change);
  try {
    await run.play();
  } catch (error) {
    const trace = run.scheduler.trace.join('\n  ');
    throw new Error(`${String(error)}\nSEED=${seed}:\n  ${trace}`, { cause: error });
  }
}

class KeyedRun {
  readonly scheduler: Scheduler;
  readonly #world = new World();
  readonly #told: string[] = [];
  readonly #commands = new Set<string>();
  readonly #isConditional: boolean;
  readonly #log: LogKind;
  readonly #isBatched: boolean;
  #faultsLeft: number;

  constructor(
    private readonly random: Random,
    private readonly change: (log: EventLog) => EventLog,
  ) {
    this.scheduler = new Scheduler(random);
    this.#log = random.pick(LOG_KINDS);
    this.#isBatched = random.chance(50);
    this.#isConditional = random.chance(50);
    this.#faultsLeft = random.pick([0, 1, 2, 4]);
  }

  async play(): Promise<void> {
    await this.#world.found();
    const [a, b] = [this.#node('A'), this.#node('B')];
    const others = [
      () => perform(b, 'other', { kind: 'put', path, value: 'other' }),
      () => perform(a, 'gone', { kind: 'remove', path }),
      () => this.#commit(a, 'commit'),
      () => this.#commit(b, 'again'),
      () => perform(b, 'merge', { ...merge, ref: this.random.pick(sources).id }),
      () => perform(a, 'laid', { ...merge, ref: this.random.pick(sources).id }),
    ].filter(() => this.random.chance(50));
    const all: (() => Promise<unknown>)[] = [
      () => this.#keyed(a, 'a'),
      () => this.#keyed(b, 'b'),
      ...others,
    ];
    const failures: unknown[] = [];
    for (const [index, one] of all.entries()) {
      const acts = this.scheduler.thread(`${index}`, one);
      void acts.catch((error: unknown) => failures.push(error));
    }
    const dies = this.random.chance(50) ? this.random.below(40) : -1;
    await this.scheduler.run(async () => {
      await this.#world.catchUp();
      if (this.scheduler.steps === dies && !this.scheduler.isDead('A')) this.scheduler.kill('A');
    });
    this.#faultsLeft = 0;
    // What of it is committed or gone by now makes no difference.
    const c = this.#node('C');
    const last = this.scheduler.thread('last', async () => {
      await this.#commit(c, 'last');
      await this.#keyed(c, 'c');
    });
    void last.catch((error: unknown) => failures.push(error));
    await this.scheduler.run(() => this.#world.catchUp());
    if (failures.length > 0) throw failures[0];
    must(new Set(this.#told).size === 1, `different answers: ${this.#told.join(' | ')}`);
    this.#assertTrue();
    this.#assertAlone();
  }

  /** Who was told that the path is taken has no effect, ever. */
  #assertTrue(): void {
    const { landings } = this.#world.reference;
    const isLanded = [...this.#commands].some((id) => landings.has(id));
    must(
      !isLanded || !this.#told.includes(TAKEN),
      'told that the path is taken, and it is by this very request',
    );
  }

  /** What was asked to be the first lies over nothing. */
  #assertAlone(): void {
    const { reference } = this.#world;
    if (!this.#isConditional) return;
    for (const id of this.#commands) {
      for (const { position } of reference.landings.get(id) ?? []) {
        must(!reference.shownBefore(position)?.has(path), `${id} lands over what is there`);
      }
    }
  }

  async #keyed(node: Node, attempt: string): Promise<void> {
    const told = await atEdge(node, attempt, (request) => {
      this.#commands.add(request.commandId);
      return this.#put(node, attempt, request);
    });
    if (told) this.#told.push(told.text);
  }

  /** Each attempt has stored its body under another address; the recorded one is told. */
  async #put(node: Node, attempt: string, request: Request): Promise<Said> {
    const entry: ObjectEntry = {
      address: `s3://elsewhere/${attempt}`,
      addressType: 'full',
      checksum: 'keyed',
      sizeBytes: 1,
      modifiedAtMs: 0,
      contentType: '',
      metadata: [],
    };
    try {
      if (this.#isConditional) {
        const decide = (current: ObjectEntry | undefined) => {
          assertHolds({ kind: 'absent' }, current);
          return [{ type: 'ObjectStaged', path, entry } as const];
        };
        // As an upload does: refused by the look, or else a body comes, and anything may happen.
        const seen = this.random.chance(50) && (await node.conditional.look(place, path));
        if (seen) {
          const before = seen.current && (await node.writer.effectOf(request));
          if (before?.[0]?.type === 'ObjectStaged') return done(before[0].entry.address);
          assertHolds({ kind: 'absent' }, seen.current);
          await this.scheduler.step(attempt.toUpperCase(), 'a body comes');
        }
        const write = { path, decide, ...(seen && { seen }) };
        const [written] = await node.conditional.write(place, write, request);
        return done(written?.type === 'ObjectStaged' ? written.entry.address : 'nothing');
      }
      const object = { path, physicalAddress: entry.address, isForced: false, ...entry };
      const stage = new StageObject(lake.name, work, object, request);
      return done((await node.stage.execute(stage)).address);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      must(error.code === TAKEN, `refused: ${error.code}`);
      return { isRefusal: true, text: TAKEN };
    }
  }

  async #commit(node: Node, id: string): Promise<void> {
    const wish = { message: id, metadata: [], dateMs: 0, allowsEmpty: false, isForced: false };
    const request = { caller, commandId: id as CommandId };
    await node.commit.execute(new CommitBranch(lake.name, work, wish, request)).catch((error) => {
      if (!(error instanceof DomainError || error instanceof UnknownOutcome)) throw error;
    });
  }

  #node(name: string): Node {
    const { kv, committed, clock, ids } = this.#world;
    const { scheduler } = this;
    const stepped = nodeLog(this.#world, {
      kind: this.#log,
      isBatched: this.#isBatched,
      node: name,
      scheduler,
      fault: () => this.#fault(),
    });
    return new Node(
      {
        log: this.change(stepped),
        kv: new SteppedKv(kv, name, scheduler),
        committed: new MemoryCommittedStore(committed.trees, name),
        clock: { nowMs: () => clock.nowMs(), sleep: () => scheduler.step(name, 'sleep') },
        ids,
      },
      partsOf(name),
    );
  }

  #fault(): AppendFault | undefined {
    if (this.#faultsLeft === 0 || !this.random.chance(20)) return undefined;
    this.#faultsLeft--;
    const fate = this.random.pick<Fate>(['answer-lost', 'late', 'late', 'lost']);
    return { fate, isGivenUp: this.random.chance(30) };
  }
}

const done = (address: string): Said => ({ isRefusal: false, text: address });
