import { Module } from '@nestjs/common';
import { IssueAddressHandler } from '../commands/address/issue-address.js';
import { LinkAddressHandler } from '../commands/address/link-address.js';
import { StoreBlockHandler } from '../commands/address/store-block.js';
import { SetUpHandler } from '../commands/auth/set-up.js';
import { CherryPickHandler } from '../commands/branch/cherry-pick.js';
import { CommitBranchHandler } from '../commands/branch/commit-branch.js';
import { CreateBranchHandler } from '../commands/branch/create-branch.js';
import { DeleteBranchHandler } from '../commands/branch/delete-branch.js';
import { HardResetBranchHandler } from '../commands/branch/hard-reset-branch.js';
import { MergeIntoBranchHandler } from '../commands/branch/merge-into-branch.js';
import { ResetBranchHandler } from '../commands/branch/reset-branch.js';
import { RevertBranchHandler } from '../commands/branch/revert-branch.js';
import { CreateCommitRecordHandler } from '../commands/commit/create-commit-record.js';
import { CloneObjectHandler } from '../commands/object/clone-object.js';
import { CopyObjectHandler } from '../commands/object/copy-object.js';
import { SetObjectMetadataHandler } from '../commands/object/set-object-metadata.js';
import { AbortMultipartHandler } from '../commands/multipart/abort-multipart.js';
import { CompleteMultipartHandler } from '../commands/multipart/complete-multipart.js';
import { FindUploadHandler } from '../commands/multipart/find-upload.js';
import { StartMultipartHandler } from '../commands/multipart/start-multipart.js';
import { StorePartHandler } from '../commands/multipart/store-part.js';
import { CancelImportHandler } from '../commands/import/cancel-import.js';
import { StartImportHandler } from '../commands/import/start-import.js';
import { StageObjectHandler } from '../commands/object/stage-object.js';
import { UnstageObjectsHandler } from '../commands/object/unstage-objects.js';
import { UploadObjectHandler } from '../commands/object/upload-object.js';
import { BeginRequestHandler } from '../commands/repeats/begin-request.js';
import { RecordAnswerHandler } from '../commands/repeats/record-answer.js';
import { RunRefsTaskHandler } from '../commands/refs/run-refs-task.js';
import { SubmitRefsTaskHandler } from '../commands/refs/submit-refs-task.js';
import { ChangePullHandler } from '../commands/pull/change-pull.js';
import { MergePullHandler } from '../commands/pull/merge-pull.js';
import { OpenPullHandler } from '../commands/pull/open-pull.js';
import { WriteSymlinksHandler } from '../commands/repository/write-symlinks.js';
import { ChangeBranchRulesHandler } from '../commands/repository/change-branch-rules.js';
import { AddSampleDataHandler } from '../commands/repository/add-sample-data.js';
import { CreateRepositoryHandler } from '../commands/repository/create-repository.js';
import { DeleteRepositoryHandler } from '../commands/repository/delete-repository.js';
import { SetRepositoryMetadataHandler } from '../commands/repository/set-repository-metadata.js';
import { CreateTagHandler } from '../commands/tag/create-tag.js';
import { DeleteTagHandler } from '../commands/tag/delete-tag.js';
import { RestoreTagHandler } from '../commands/tag/restore-tag.js';
import { RestoreBranchHandler } from '../commands/undo/restore-branch.js';
import { UndoBranchHandler } from '../commands/undo/undo-branch.js';
import { jobs } from './jobs.providers.js';
import { streams } from './streams.providers.js';
import { ViewsModule } from './views.module.js';

@Module({
  imports: [ViewsModule],
  providers: [
    ...streams,
    BeginRequestHandler,
    RecordAnswerHandler,
    ...jobs,
    AddSampleDataHandler,
    CancelImportHandler,
    RunRefsTaskHandler,
    StartImportHandler,
    SubmitRefsTaskHandler,
    AbortMultipartHandler,
    CompleteMultipartHandler,
    FindUploadHandler,
    IssueAddressHandler,
    LinkAddressHandler,
    StartMultipartHandler,
    StoreBlockHandler,
    StorePartHandler,
    CloneObjectHandler,
    ChangeBranchRulesHandler,
    ChangePullHandler,
    MergePullHandler,
    OpenPullHandler,
    WriteSymlinksHandler,
    CherryPickHandler,
    CommitBranchHandler,
    CopyObjectHandler,
    CreateBranchHandler,
    CreateCommitRecordHandler,
    CreateRepositoryHandler,
    CreateTagHandler,
    DeleteBranchHandler,
    DeleteRepositoryHandler,
    DeleteTagHandler,
    SetObjectMetadataHandler,
    HardResetBranchHandler,
    MergeIntoBranchHandler,
    ResetBranchHandler,
    RevertBranchHandler,
    RestoreBranchHandler,
    RestoreTagHandler,
    SetRepositoryMetadataHandler,
    SetUpHandler,
    StageObjectHandler,
    UnstageObjectsHandler,
    UndoBranchHandler,
    UploadObjectHandler,
  ],
  exports: [...streams, ...jobs],
})
export class CommandsModule {}
