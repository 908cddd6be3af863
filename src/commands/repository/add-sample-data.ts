import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommitRecord, ObjectPath } from '../../domain/model.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { CommitBranch } from '../branch/commit-branch.js';
import { UploadObject } from '../object/upload-object.js';
import { partOf, type Request } from '../request.js';
import { sampleFiles } from './sample-files.js';

/** Puts a few files on the default branch of a new repository, and commits them. */
export class AddSampleData extends Command<CommitRecord> {
  constructor(
    readonly repository: RepositoryRecord,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(AddSampleData)
export class AddSampleDataHandler implements ICommandHandler<AddSampleData> {
  constructor(private readonly commands: CommandBus) {}

  async execute({ repository, request }: AddSampleData): Promise<CommitRecord> {
    const { name, defaultBranch } = repository;
    for (const { path, contentType, text } of sampleFiles({
      repository: name,
      branch: defaultBranch,
    })) {
      const upload = {
        path: path as ObjectPath,
        body: bodyOf(text),
        contentType,
        metadata: [],
        condition: undefined,
        // A repository that is read-only from now on is filled before that.
        isForced: true,
      };
      const part = partOf(request, `samples/${path}`);
      await this.commands.execute(new UploadObject(name, defaultBranch, upload, part));
    }
    const wish = {
      message: 'Add sample data',
      metadata: [],
      dateMs: undefined,
      allowsEmpty: false,
      isForced: true,
    };
    const part = partOf(request, 'samples/commit');
    return this.commands.execute(new CommitBranch(name, defaultBranch, wish, part));
  }
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
