import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AuditController } from '../api/audit.controller.js';
import { AuthGuard } from '../api/auth.guard.js';
import { BlocksController } from '../api/blocks.controller.js';
import { BranchChangesController } from '../api/branch-changes.controller.js';
import { BranchRulesController } from '../api/branch-rules.controller.js';
import { BranchesController } from '../api/branches.controller.js';
import { CommitRecordsController } from '../api/commit-records.controller.js';
import { CommitsController } from '../api/commits.controller.js';
import { ConfigController } from '../api/config.controller.js';
import { DocsController } from '../api/docs.controller.js';
import { DiffsController } from '../api/diffs.controller.js';
import { FeedController } from '../api/feed.controller.js';
import { HealthController } from '../api/health.controller.js';
import { HttpErrorFilter } from '../api/http-errors.js';
import { KeyedRequests } from '../api/keyed-request.js';
import { KnownCallers } from '../api/known-callers.js';
import { ImportController } from '../api/import.controller.js';
import { LaterController } from '../api/later.controller.js';
import { ApiDocument } from '../api/openapi/api-document.js';
import { MergesController } from '../api/merges.controller.js';
import { MetadataObjectsController } from '../api/metadata-objects.controller.js';
import { MultipartController } from '../api/multipart.controller.js';
import { ObjectReadsController } from '../api/object-reads.controller.js';
import { ObjectsController } from '../api/objects.controller.js';
import { Presigned } from '../api/presigned.js';
import { ReflogController } from '../api/reflog.controller.js';
import { RefsDumpsController } from '../api/refs-dumps.controller.js';
import { PullsController } from '../api/pulls.controller.js';
import { RepositoriesController } from '../api/repositories.controller.js';
import { EdgeSettings } from '../api/settings.js';
import { SessionController } from '../api/session.controller.js';
import { SetupController } from '../api/setup.controller.js';
import { StagingController } from '../api/staging.controller.js';
import { SymlinksController } from '../api/symlinks.controller.js';
import { TagsController } from '../api/tags.controller.js';
import { UndoController } from '../api/undo.controller.js';
import { UserController } from '../api/user.controller.js';
import { Authenticator } from '../auth/authenticator.js';
import { BlockUrls } from '../auth/block-urls.js';
import { FailedSignIns } from '../auth/failed-sign-ins.js';

/** What speaks to the outside. Needs both buses and an `Authenticator` from a global module. */
@Module({})
export class EdgesModule {
  static with(settings: EdgeSettings): DynamicModule {
    return {
      module: EdgesModule,
      controllers,
      providers: [
        { provide: EdgeSettings, useValue: settings },
        { provide: ApiDocument, useValue: new ApiDocument(controllers, settings.version) },
        { provide: APP_FILTER, useClass: HttpErrorFilter },
        AuthGuard,
        { provide: APP_GUARD, useExisting: AuthGuard },
        KeyedRequests,
        {
          provide: Presigned,
          inject: [BlockUrls],
          useFactory: (urls: BlockUrls) => new Presigned(urls, settings),
        },
        {
          provide: KnownCallers,
          inject: [Authenticator],
          useFactory: (authenticator: Authenticator) => {
            const nowMs = () => settings.nowMs();
            return new KnownCallers(authenticator, new FailedSignIns(nowMs), nowMs);
          },
        },
      ],
    };
  }
}

const controllers = [
  AuditController,
  BlocksController,
  BranchChangesController,
  BranchRulesController,
  BranchesController,
  CommitRecordsController,
  CommitsController,
  ConfigController,
  DocsController,
  DiffsController,
  FeedController,
  HealthController,
  ImportController,
  LaterController,
  MergesController,
  MetadataObjectsController,
  MultipartController,
  ObjectReadsController,
  ObjectsController,
  RefsDumpsController,
  ReflogController,
  PullsController,
  RepositoriesController,
  SessionController,
  SetupController,
  StagingController,
  SymlinksController,
  TagsController,
  UndoController,
  UserController,
];
