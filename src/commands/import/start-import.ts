import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import { importDecider } from '../../domain/import/import.decider.js';
import type { ImportSource } from '../../domain/import/import.events.js';
import { importStream } from '../../domain/import/import.stream.js';
import { importIdOf } from '../../domain/job-id.js';
import type {
  BranchId,
  ImportId,
  Metadata,
  RepositoryId,
  StorageNamespace,
} from '../../domain/model.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Branches } from '../branch/branches.js';
import { live } from '../branch/successor.js';
import { Jobs } from '../jobs.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { failpoint } from '../../shared/failpoint.js';

/**
 * Begins to bring objects onto a branch from where they lie; they stay there. What comes of it
 * says the import, by its id.
 *
 * @throws DomainError  repository_not_found, branch_not_found, read_only_repository;
 *   import_source_invalid: a source is in the repository's own namespace, or around it
 */
export class StartImport extends Command<ImportId> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly wish: {
      readonly sources: readonly ImportSource[];
      readonly message: string;
      readonly metadata: Metadata;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(StartImport)
export class StartImportHandler implements ICommandHandler<StartImport> {
  constructor(
    private readonly places: Places,
    private readonly branches: Branches,
    private readonly streams: AggregateStreams,
    private readonly jobs: Jobs,
  ) {}

  async execute({ repository: name, branch, wish, request }: StartImport): Promise<ImportId> {
    const { isForced, sources } = wish;
    const id = importIdOf(request.commandId);
    const command = {
      type: 'RequestImport',
      ...wish,
      repository: name,
      branch,
      committer: request.caller.user,
      node: this.jobs.node,
    } as const;
    const decider = importDecider;
    return this.places.at({ name, branch, isForced }, async (place) => {
      const { uid, namespace } = place.repository;
      const stream = importStream(uid, id);
      await this.streams.once(stream, request, async () => {
        live(await this.branches.view(place));
        for (const source of sources) assertOutside(namespace, source);
        return this.streams.transact({ stream, decider, command, isLikelyNew: true }, request);
      });
      await failpoint('import.afterRequest');
      this.jobs.begin('imports', { uid, id });
      return id;
    });
  }
}

/** What a repository holds itself, it would delete one day, and the import would still name it. */
function assertOutside(namespace: StorageNamespace, { kind, uri }: ImportSource): void {
  const is = (reason: string) => new DomainError('import_source_invalid', { reason });
  if (uri === namespace || uri.startsWith(`${namespace}/`)) {
    throw is(`import path (${uri}) in repository namespace (${namespace}) is prohibited`);
  }
  if (kind === 'prefix' && namespace.startsWith(uri)) {
    throw is(`prefix (${uri}) contains repository namespace (${namespace})`);
  }
}
