import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { CancelImport } from '../commands/import/cancel-import.js';
import { StartImport } from '../commands/import/start-import.js';
import type { Request } from '../commands/request.js';
import { DomainError } from '../domain/errors.js';
import type { ImportId } from '../domain/model.js';
import { type FoundImport, GetImport } from '../queries/get-import.js';
import { Asked } from './caller.js';
import { ImportCreation, importWish } from './dto/import-creation.js';
import { JsonBody } from './json-body.js';
import { IMPORT_STARTED, IMPORT_STATUS } from './openapi/job-schemas.js';
import { TEXT } from './openapi/schema.js';
import { OnBranch, type PlaceOnBranch, QueryParams } from './params.js';
import type { Query } from './query.js';
import { Serves } from './serves.js';
import { EdgeSettings } from './settings.js';
import { commitJson } from './wire.js';

@Controller()
export class ImportController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly settings: EdgeSettings,
  ) {}

  @Serves('importStart', {
    answers: IMPORT_STARTED,
    refuses: [
      'branch_not_found',
      'import_not_supported',
      'import_source_invalid',
      'read_only_repository',
    ],
    about: 'What goes wrong later, with a source too, is told by the status.',
  })
  @HttpCode(202)
  async start(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @JsonBody(ImportCreation) body: ImportCreation,
    @Asked() asked: Request,
  ) {
    if (!this.settings.blockStore.isImportEnabled) throw new DomainError('import_not_supported');
    const command = new StartImport(repository, branch, importWish(body), asked);
    return { id: await this.commands.execute(command) };
  }

  /** The branch counts for nothing: an import is a repository's. */
  @Serves('importStatus', {
    answers: IMPORT_STATUS,
    query: { id: TEXT },
    refuses: ['import_not_found'],
  })
  async status(@OnBranch() { repository }: PlaceOnBranch, @QueryParams() query: Query) {
    return statusJson(await this.queries.execute(new GetImport(repository, idOf(query))));
  }

  @Serves('importCancel', {
    query: { id: TEXT },
    refuses: ['import_not_found', 'import_completed'],
  })
  @HttpCode(204)
  cancel(
    @OnBranch() { repository }: PlaceOnBranch,
    @QueryParams() query: Query,
    @Asked() asked: Request,
  ): Promise<void> {
    return this.commands.execute(new CancelImport(repository, idOf(query), asked));
  }
}

const idOf = (query: Query): ImportId => query.required('id') as ImportId;

function statusJson({ updatedAtMs, ingestedCount, error, commit }: FoundImport) {
  return {
    completed: commit !== null,
    update_time: new Date(updatedAtMs).toISOString(),
    ingested_objects: ingestedCount,
    ...(error === null ? {} : { error: { message: `import error: ${error}` } }),
    ...(commit === null ? {} : { metarange_id: commit.metaRangeId, commit: commitJson(commit) }),
  };
}
