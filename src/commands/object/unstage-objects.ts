import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, ObjectPath, RepositoryId } from '../../domain/model.js';
import { stagingDecider } from '../../domain/staging/staging.decider.js';
import { CommittedStore } from '../../ports/committed-store.js';
import { partitions } from '../../projections/kv-keys.js';
import { effectiveEntry } from '../../queries/stat-object.js';
import { ReadsAt } from '../../queries/read-at.js';
import { utf8 } from '../../shared/bytes.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
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

@CommandHandler(UnstageObjects)
export class UnstageObjectsHandler implements ICommandHandler<UnstageObjects> {
  constructor(
    private readonly places: Places,
    private readonly writer: StagingWriter,
    private readonly reads: ReadsAt,
    private readonly committed: CommittedStore,
  ) {}

  execute({ repository: name, branch, paths, options, request }: UnstageObjects): Promise<void> {
    if (paths.length > UNSTAGE_PATHS_MAX) {
      throw new DomainError('path_too_many', { max: UNSTAGE_PATHS_MAX });
    }
    return this.places.at({ name, branch, isForced: options.isForced }, async (place) => {
      const there = await this.#present(name, branch, [...new Set(paths)]);
      if (there.length === 0) return this.writer.refuseBlocked(place, request);
      const events = there.flatMap((path) =>
        stagingDecider.decide({ type: 'UnstageObject', path }, { status: 'open' }),
      );
      await this.writer.write(place, events, request);
    });
  }

  /** Returns those of the paths that the branch shows, all of one state of it. */
  async #present(
    repository: RepositoryId,
    branch: BranchId,
    paths: readonly ObjectPath[],
  ): Promise<readonly ObjectPath[]> {
    if (!(await this.reads.branch(repository, branch))) throw new DomainError('branch_not_found');
    const { point, rows } = await this.reads.read(repository, branch, ({ tokens }) =>
      paths.flatMap((path) =>
        tokens.map((token) => ({
          kind: 'get' as const,
          partition: partitions.staging(token),
          key: utf8(path),
        })),
      ),
    );
    const each = point.tokens.length;
    const present: ObjectPath[] = [];
    for (const [index, path] of paths.entries()) {
      const own = rows.slice(index * each, (index + 1) * each);
      if (await effectiveEntry(this.committed, { point, rows: own }, path)) present.push(path);
    }
    return present;
  }
}
