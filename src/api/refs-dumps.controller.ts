import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { RunRefsTask } from '../commands/refs/run-refs-task.js';
import { SubmitRefsTask } from '../commands/refs/submit-refs-task.js';
import type { Request } from '../commands/request.js';
import type { RefsTaskId, RepositoryId } from '../domain/model.js';
import type { RefsDump, RefsWork } from '../domain/refs-task/refs-task.events.js';
import { type FoundRefsTask, GetRefsTask } from '../queries/get-refs-task.js';
import { Asked } from './caller.js';
import { RefsRestore, restoreOf } from './dto/refs-restore.js';
import { JsonBody } from './json-body.js';
import { DUMP_STATUS, REFS_DUMP, RESTORE_STATUS, TASK } from './openapi/job-schemas.js';
import { TEXT } from './openapi/schema.js';
import { QueryParams, RepositoryParam } from './params.js';
import type { Query } from './query.js';
import { Serves } from './serves.js';

@Controller()
export class RefsDumpsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Serves('dumpRefs', { answers: REFS_DUMP, refuses: ['dump_refused', 'intent_pending'] })
  @HttpCode(201)
  async dump(@RepositoryParam() repository: RepositoryId, @Asked() asked: Request) {
    const work = { kind: 'dump' } as const;
    return refsJson(await this.commands.execute(new RunRefsTask(repository, work, asked)));
  }

  @Serves('restoreRefs', {
    refuses: [
      'intent_pending',
      'not_bare',
      'object_data_missing',
      'read_only_repository',
      'restore_refused',
    ],
  })
  async restore(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(RefsRestore) body: RefsRestore,
    @Asked() asked: Request,
  ): Promise<void> {
    await this.commands.execute(new RunRefsTask(repository, restoreOf(body), asked));
  }

  @Serves('dumpSubmit', { answers: TASK })
  @HttpCode(202)
  submitDump(@RepositoryParam() repository: RepositoryId, @Asked() asked: Request) {
    return this.#submit(repository, { kind: 'dump' }, asked);
  }

  @Serves('restoreSubmit', { answers: TASK, refuses: ['not_bare', 'read_only_repository'] })
  @HttpCode(202)
  submitRestore(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(RefsRestore) body: RefsRestore,
    @Asked() asked: Request,
  ) {
    return this.#submit(repository, restoreOf(body), asked);
  }

  @Serves('dumpStatus', {
    answers: DUMP_STATUS,
    query: { task_id: TEXT },
    refuses: ['task_not_found'],
  })
  async dumpStatus(@RepositoryParam() repository: RepositoryId, @QueryParams() query: Query) {
    const id = query.required('task_id') as RefsTaskId;
    const task = await this.queries.execute(new GetRefsTask(repository, id, 'dump'));
    return { ...statusJson(id, task), ...(task.refs ? { refs: refsJson(task.refs) } : {}) };
  }

  @Serves('restoreStatus', {
    answers: RESTORE_STATUS,
    query: { task_id: TEXT },
    refuses: ['task_not_found'],
  })
  async restoreStatus(@RepositoryParam() repository: RepositoryId, @QueryParams() query: Query) {
    const id = query.required('task_id') as RefsTaskId;
    return statusJson(id, await this.queries.execute(new GetRefsTask(repository, id, 'restore')));
  }

  async #submit(repository: RepositoryId, work: RefsWork, asked: Request) {
    const { id } = await this.commands.execute(new SubmitRefsTask(repository, work, asked));
    return { id };
  }
}

const refsJson = ({ branches, commits, tags }: RefsDump) => ({
  branches_meta_range_id: branches,
  commits_meta_range_id: commits,
  tags_meta_range_id: tags,
});

const statusJson = (id: string, { isDone, updatedAtMs, error }: FoundRefsTask) => ({
  id,
  done: isDone,
  update_time: new Date(updatedAtMs).toISOString(),
  ...(error === null ? {} : { error }),
});
