import { Global, Module } from '@nestjs/common';
import { StoredAuthenticator } from '../auth/stored-authenticator.js';
import { Authenticator } from '../auth/authenticator.js';
import { DiffBranchHandler } from '../queries/diff-branch.js';
import { DiffRefsHandler } from '../queries/diff-refs.js';
import { FindMergeBaseHandler } from '../queries/find-merge-base.js';
import { GetBranchRulesHandler } from '../queries/get-branch-rules.js';
import { GetBranchHandler } from '../queries/get-branch.js';
import { GetCommitHandler } from '../queries/get-commit.js';
import { GetImportHandler } from '../queries/get-import.js';
import { GetRefsTaskHandler } from '../queries/get-refs-task.js';
import { GetPullHandler } from '../queries/get-pull.js';
import { GetRepositoryMetadataHandler } from '../queries/get-repository-metadata.js';
import { GetRepositoryHandler } from '../queries/get-repository.js';
import { GetTagHandler } from '../queries/get-tag.js';
import { ListBranchesHandler } from '../queries/list-branches.js';
import { ListObjectsHandler } from '../queries/list-objects.js';
import { ListPullsHandler } from '../queries/list-pulls.js';
import { ListReflogHandler } from '../queries/list-reflog.js';
import { ListRepositoriesHandler } from '../queries/list-repositories.js';
import { ListTagsHandler } from '../queries/list-tags.js';
import { LocateObjectHandler } from '../queries/locate-object.js';
import { LogCommitsHandler } from '../queries/log-commits.js';
import { OpenBlockHandler } from '../queries/open-block.js';
import { OpenObjectHandler, ReadSmallObjectHandler } from '../queries/open-object.js';
import { StatObjectHandler } from '../queries/stat-object.js';
import { audit } from './audit.providers.js';
import { ViewsModule } from './views.module.js';

@Global()
@Module({
  imports: [ViewsModule],
  providers: [
    DiffBranchHandler,
    DiffRefsHandler,
    FindMergeBaseHandler,
    GetBranchHandler,
    GetBranchRulesHandler,
    GetPullHandler,
    ListPullsHandler,
    ListReflogHandler,
    GetCommitHandler,
    GetImportHandler,
    GetRefsTaskHandler,
    GetRepositoryHandler,
    GetRepositoryMetadataHandler,
    GetTagHandler,
    ListBranchesHandler,
    ListObjectsHandler,
    ListRepositoriesHandler,
    ListTagsHandler,
    LocateObjectHandler,
    LogCommitsHandler,
    OpenBlockHandler,
    OpenObjectHandler,
    ReadSmallObjectHandler,
    StatObjectHandler,
    ...audit,
    { provide: Authenticator, useExisting: StoredAuthenticator },
  ],
  exports: [Authenticator],
})
export class QueriesModule {}
