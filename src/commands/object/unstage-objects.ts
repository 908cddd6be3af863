import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, ObjectPath, RepositoryId, StagingToken } from '../../domain/model.js';
import { stagingDecider } from '../../domain/staging/staging.decider.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import { CommittedStore } from '../../ports/committed-store.js';
import { KvStore } from '../../ports/kv-store.js';
import { READS_PER_WORD, wordAt } from '../../projections/staging.view.js';
import { effectiveEntry } from '../../queries/stat-object.js';
import { ReadsAt, type ReadPoint } from '../../queries/read-at.js';
import { compareUtf8, utf8 } from '../../shared/bytes.js';
import { Branches, type BranchPlace } from '../branch/branches.js';
import { Places } from '../places.js';
import { partOf, type Request } from '../request.js';
import { calmTokenOf, nameOfToken } from './conditional-writer.js';
import { NO_RUNS, runsAround, runsDeleted, type FoundRuns } from './deleted-runs.js';
import { joinedRuns, RunJoins, type TokenRuns } from './run-joins.js';
import { StagingWriter } from './staging-writer.js';

/** Deletes objects from a branch. A path that is not there is no error and writes nothing. */
export class UnstageObjects extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    /** 1 … {@link UNSTAGE_PATHS_MAX} */
    readonly paths: readonly ObjectPath[],
    readonly options: { readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}

export const UNSTAGE_PATHS_MAX = 1000;

/** What a branch shows at paths that are to be deleted. */
interface Sight {
  readonly point: ReadPoint;
  /** Shown, ascending; and shown below the newest token, too. */
  readonly paths: readonly { readonly path: ObjectPath; readonly isShownBelow: boolean }[];
}

@CommandHandler(UnstageObjects)
export class UnstageObjectsHandler implements ICommandHandler<UnstageObjects> {
  readonly #joins = new RunJoins();

  constructor(
    private readonly places: Places,
    private readonly branches: Branches,
    private readonly writer: StagingWriter,
    private readonly reads: ReadsAt,
    private readonly kv: KvStore,
    private readonly committed: CommittedStore,
  ) {}

  async execute(command: UnstageObjects): Promise<void> {
    if (command.paths.length > UNSTAGE_PATHS_MAX) {
      throw new DomainError('path_too_many', { max: UNSTAGE_PATHS_MAX });
    }
    try {
      await this.#execute(command);
    } catch (error) {
      // Done before, it may find nothing to look at any more.
      const isRefusal = error instanceof DomainError;
      const before = isRefusal ? await this.writer.effectOf(command.request) : undefined;
      if (!before) throw error;
    }
  }

  #execute({ repository: name, branch, paths, options, request }: UnstageObjects): Promise<void> {
    const ascending = [...new Set(paths)].sort(compareUtf8);
    return this.places.at({ name, branch, isForced: options.isForced }, async (place) => {
      // Before the look: what is calm then is calm still, or its token has closed.
      const calm = calmTokenOf(this.branches.cached(place)?.state);
      const sight = await this.#look(name, branch, ascending);
      if (sight.paths.length === 0) return this.writer.refuseBlocked(place, request);
      const { branch: record, tokens } = sight.point;
      const anywhere = sight.paths.flatMap(({ path }) => unstaged(path));
      const [token] = tokens;
      const isCalm = record && (record.pendingCount === 0 || calm === nameOfToken(record));
      if (token === undefined || !isCalm) {
        await this.writer.write(place, anywhere, request);
        return;
      }
      await this.#delete(place, { token, sight, anywhere }, request);
    });
  }

  /** Nothing that is pending changes what is shown below the token while it is open. */
  async #delete(
    place: BranchPlace,
    of: {
      readonly token: StagingToken;
      readonly sight: Sight;
      readonly anywhere: readonly StagingEvent[];
    },
    request: Request,
  ): Promise<void> {
    const { token, sight, anywhere } = of;
    const known = this.#joins.of(token);
    known.deletions++;
    try {
      const hiding = sight.paths.flatMap(({ path, isShownBelow }) => (isShownBelow ? [path] : []));
      const due = known.takeDue(hiding);
      const runs = await this.#runsOf(sight.point, due);
      const events = [
        ...sight.paths.flatMap(({ path, isShownBelow }) => unstaged(path, !isShownBelow)),
        ...runs.events,
        ...(due.length > 0 ? joinedRuns(known.takeNews()) : []),
      ];
      const written = await this.writer.writeSeen(place, { token, events }, anywhere, request);
      // Its token may have closed under it: nothing is added to it any more.
      if (written !== events) this.#joins.forget(token);
      else if (due.length > 0) known.add(runs.runs);
      else known.leave(hiding);
    } catch (error) {
      this.#joins.forget(token);
      throw error;
    } finally {
      known.deletions--;
    }
    if (known.deletions === 0) await this.#join(token, known, request);
  }

  async #runsOf(point: ReadPoint, paths: readonly ObjectPath[]): Promise<FoundRuns> {
    if (paths.length === 0) return NO_RUNS;
    // A run that was said since the point is as true of it.
    const around = await this.kv.read(runsAround(point, paths));
    return runsDeleted({ kv: this.kv, committed: this.committed }, point, paths, around);
  }

  /** Says what deletions side by side, of which the last has ended, have left to be said. */
  async #join(token: StagingToken, known: TokenRuns, request: Request): Promise<void> {
    const events = joinedRuns(known.takeNews());
    if (events.length === 0) return;
    const append = { stream: stagingStream(token), events };
    try {
      await this.writer.append(append, partOf(request, 'joined'));
    } catch {
      // What was asked for is done; unsaid it makes a page slower, and never wrong.
      this.#joins.forget(token);
    }
  }

  /** Returns what the branch shows, all of one state of it. */
  async #look(
    repository: RepositoryId,
    branch: BranchId,
    paths: readonly ObjectPath[],
  ): Promise<Sight> {
    if (!(await this.reads.branch(repository, branch))) throw new DomainError('branch_not_found');
    const { point, rows } = await this.reads.read(repository, branch, (at) =>
      paths.flatMap((path) => at.tokens.flatMap((token) => wordAt(token, utf8(path)))),
    );
    const each = point.tokens.length * READS_PER_WORD;
    const present: Sight['paths'][number][] = [];
    for (const [index, path] of paths.entries()) {
      const words = rows.slice(index * each, (index + 1) * each);
      const shown = await effectiveEntry(this.committed, { point, rows: words }, path);
      if (!shown) continue;
      const isOwn = (words[0]?.length ?? 0) > 0;
      const older = { point, rows: words.slice(READS_PER_WORD) };
      const below = isOwn ? await effectiveEntry(this.committed, older, path) : shown;
      present.push({ path, isShownBelow: below !== undefined });
    }
    return { point, paths: present };
  }
}

const unstaged = (path: ObjectPath, hidesNothing = false): readonly StagingEvent[] => {
  const command = { type: 'UnstageObject', path, ...(hidesNothing && { hidesNothing }) } as const;
  return stagingDecider.decide(command, { status: 'open' });
};
