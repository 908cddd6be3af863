import { BranchModel, type Intent } from './branch-model.js';
import { CommitGraph, type Imported } from './commit-graph.js';
import type { LoggedEvent } from './log-event.js';

/** A write that stands in the log. */
export interface Landed {
  readonly position: number;
  readonly branch: string;
  readonly path: string;
  readonly requestId: string;
}

/** A branch that came or went. */
export interface Turn {
  readonly position: number;
  readonly branch: string;
  readonly requestId: string;
  readonly head: string | undefined;
}

/** What the log says happened to a repository, told by a plain model. */
export class Model {
  readonly graph = new CommitGraph();
  readonly branches = new Map<string, BranchModel>();
  /** By what identifies an object's bytes. */
  readonly puts = new Map<string, Landed[]>();
  readonly tombstones: Landed[] = [];
  readonly intents: Intent[] = [];
  readonly created: Turn[] = [];
  readonly deleted: Turn[] = [];
  /** What events did that they may not. */
  readonly faults: string[] = [];
  #last = 0;

  /** @param imports  what was asked for, by the messages of its commits */
  constructor(private readonly imports: ReadonlyMap<string, Imported>) {}

  take(event: LoggedEvent): void {
    if (event.position <= this.#last) this.faults.push(`position ${event.position} comes late`);
    this.#last = event.position;
    const control = /^branch-[0-9a-v]{20}-(.+)$/.exec(event.stream);
    if (control?.[1]) return this.#control(this.branch(control[1]), event);
    const staging = /^staging-[0-9a-v]{20}\.([^.]+)\.(\d+)\.(\d+)$/.exec(event.stream);
    if (staging?.[1] === undefined) return;
    const token = { life: Number(staging[2]), ordinal: Number(staging[3]) };
    this.#staging(this.branch(staging[1]), event, token);
  }

  branch(name: string): BranchModel {
    const known = this.branches.get(name);
    if (known) return known;
    const fault = ({ position, type }: LoggedEvent, what: string) =>
      this.faults.push(`${type} at ${position} on ${name}: ${what}`);
    const fresh = new BranchModel(name, this.graph, this.imports, fault);
    this.branches.set(name, fresh);
    return fresh;
  }

  #control(branch: BranchModel, event: LoggedEvent): void {
    const { position, requestId } = event;
    switch (event.type) {
      case 'BranchCreated': {
        branch.create(event);
        const { head } = branch.timeline.at(position);
        this.created.push({ position, branch: branch.name, requestId, head });
        return;
      }
      case 'TokenRotated':
        return branch.rotate(event);
      case 'IntentRequested':
        this.intents.push(branch.request(event));
        return;
      case 'BranchDeletionRequested':
        return branch.requestDeletion(event);
      case 'BranchDeleted': {
        const askedBy = branch.delete(event);
        const turn = { position, branch: branch.name, requestId: askedBy, head: undefined };
        this.deleted.push(turn);
        return;
      }
      case 'Committed':
      case 'Merged':
      case 'StagingDiscarded':
      case 'IntentFailed':
        return branch.complete(event);
      default:
        this.faults.push(`${event.type} at ${position} is not of these histories`);
    }
  }

  #staging(
    branch: BranchModel,
    event: LoggedEvent,
    token: { life: number; ordinal: number },
  ): void {
    const { path = '', entry } = event.data as { path?: string; entry?: { checksum: string } };
    const { position, requestId } = event;
    const landed = { position, branch: branch.name, path, requestId };
    switch (event.type) {
      case 'TokenOpened':
        return branch.open(event, token);
      case 'TokenClosed':
        return branch.close(event, token);
      case 'ObjectStaged': {
        const value = entry?.checksum ?? '';
        this.puts.set(value, [...(this.puts.get(value) ?? []), landed]);
        return branch.stage(event, { ...token, path, value });
      }
      case 'ObjectUnstaged':
        this.tombstones.push(landed);
        return branch.stage(event, { ...token, path, value: undefined });
      default:
    }
  }
}
