import { Module } from '@nestjs/common';
import { SetUpHandler } from '../commands/auth/set-up.js';
import { CommitBranchHandler } from '../commands/branch/commit-branch.js';
import { CreateBranchHandler } from '../commands/branch/create-branch.js';
import { DeleteBranchHandler } from '../commands/branch/delete-branch.js';
import { StageObjectHandler } from '../commands/object/stage-object.js';
import { UnstageObjectsHandler } from '../commands/object/unstage-objects.js';
import { UploadObjectHandler } from '../commands/object/upload-object.js';
import { CreateRepositoryHandler } from '../commands/repository/create-repository.js';
import { DeleteRepositoryHandler } from '../commands/repository/delete-repository.js';
import { SetRepositoryMetadataHandler } from '../commands/repository/set-repository-metadata.js';
import { CreateTagHandler } from '../commands/tag/create-tag.js';
import { DeleteTagHandler } from '../commands/tag/delete-tag.js';
import { streams } from './streams.providers.js';
import { ViewsModule } from './views.module.js';

@Module({
  imports: [ViewsModule],
  providers: [
    ...streams,
    CommitBranchHandler,
    CreateBranchHandler,
    CreateRepositoryHandler,
    CreateTagHandler,
    DeleteBranchHandler,
    DeleteRepositoryHandler,
    DeleteTagHandler,
    SetRepositoryMetadataHandler,
    SetUpHandler,
    StageObjectHandler,
    UnstageObjectsHandler,
    UploadObjectHandler,
  ],
  exports: streams,
})
export class CommandsModule {}
