import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CreateCommitRecord } from '../commands/commit/create-commit-record.js';
import type { Request } from '../commands/request.js';
import type { RepositoryId } from '../domain/model.js';
import { Asked } from './caller.js';
import { commitRecord, CommitRecordCreation } from './dto/commit-record-creation.js';
import { JsonBody } from './json-body.js';
import { RepositoryParam } from './params.js';
import { Serves } from './serves.js';

@Controller()
export class CommitRecordsController {
  constructor(private readonly commands: CommandBus) {}

  @Serves('CreateCommitRecord', {
    refuses: ['commit_exists', 'commit_id_wrong', 'read_only_repository'],
    about: 'Brings a commit in as data, as a restore does; neither parents nor tree need be there.',
  })
  @HttpCode(204)
  record(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(CommitRecordCreation) body: CommitRecordCreation,
    @Asked() asked: Request,
  ): Promise<void> {
    const options = { isForced: body.force === true };
    return this.commands.execute(
      new CreateCommitRecord(repository, commitRecord(body), options, asked),
    );
  }
}
