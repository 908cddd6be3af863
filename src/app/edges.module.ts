import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AuthGuard } from '../api/auth.guard.js';
import { BranchesController } from '../api/branches.controller.js';
import { CommitsController } from '../api/commits.controller.js';
import { ConfigController } from '../api/config.controller.js';
import { HealthController } from '../api/health.controller.js';
import { HttpErrorFilter } from '../api/http-errors.js';
import { KnownCallers } from '../api/known-callers.js';
import { LaterController } from '../api/later.controller.js';
import { ObjectReadsController } from '../api/object-reads.controller.js';
import { ObjectsController } from '../api/objects.controller.js';
import { RepositoriesController } from '../api/repositories.controller.js';
import { EdgeSettings } from '../api/settings.js';
import { SetupController } from '../api/setup.controller.js';
import { TagsController } from '../api/tags.controller.js';
import { UserController } from '../api/user.controller.js';
import { Authenticator } from '../auth/authenticator.js';

/** What speaks to the outside. Needs both buses and an `Authenticator` from a global module. */
@Module({})
export class EdgesModule {
  static with(settings: EdgeSettings): DynamicModule {
    return {
      module: EdgesModule,
      controllers,
      providers: [
        { provide: EdgeSettings, useValue: settings },
        { provide: APP_FILTER, useClass: HttpErrorFilter },
        { provide: APP_GUARD, useClass: AuthGuard },
        {
          provide: KnownCallers,
          inject: [Authenticator],
          useFactory: (authenticator: Authenticator) =>
            new KnownCallers(authenticator, () => settings.nowMs()),
        },
      ],
    };
  }
}

const controllers = [
  BranchesController,
  CommitsController,
  ConfigController,
  HealthController,
  LaterController,
  ObjectReadsController,
  ObjectsController,
  RepositoriesController,
  SetupController,
  TagsController,
  UserController,
];
