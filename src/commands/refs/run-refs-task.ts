import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { RepositoryId } from '../../domain/model.js';
import type { RefsDump, RefsWork } from '../../domain/refs-task/refs-task.events.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { BlockStore } from '../../ports/block-store.js';
import { Clock } from '../../ports/clock.js';
import { KvStore } from '../../ports/kv-store.js';
import { RefsTasksView } from '../../projections/refs-tasks.view.js';
import { utf8 } from '../../shared/bytes.js';
import { Jobs } from '../jobs.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { SubmitRefsTask, type SubmittedTask } from './submit-refs-task.js';

/** Where lakeFS leaves the ids of a dump's tables, as JSON. */
const MANIFEST_KEY = '_lakefs/refs_manifest.json';
/** How often one who waits for a task looks whether another node has ended it. */
const LOOK_EVERY_MS = 100;
/** How long a caller waits for a task, which is done all the same. */
const WAIT_MS_MAX = 10 * 60 * 1000;

/**
 * Dumps or restores a repository's refs while the caller waits; a dump leaves its manifest beside
 * its tables. It is a task like any other, so it is done also when the caller, or this node, is
 * gone meanwhile.
 *
 * @throws DomainError  what asking for the task throws; object_data_missing: there are no such
 *   tables; dump_refused, restore_refused: it failed; intent_pending: it goes on without the caller
 */
export class RunRefsTask extends Command<RefsDump> {
  constructor(
    readonly repository: RepositoryId,
    readonly work: RefsWork,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(RunRefsTask)
export class RunRefsTaskHandler implements ICommandHandler<RunRefsTask> {
  constructor(
    private readonly commands: CommandBus,
    private readonly places: Places,
    private readonly jobs: Jobs,
    private readonly kv: KvStore,
    private readonly blocks: BlockStore,
    private readonly clock: Clock,
  ) {}

  async execute({ repository, work, request }: RunRefsTask): Promise<RefsDump> {
    if (work.kind === 'restore') await this.#assertThere(repository, work.refs);
    const task = await this.commands.execute(new SubmitRefsTask(repository, work, request));
    const refs = await this.#refsOf(task, work);
    if (work.kind === 'dump') await this.#writeManifest(task.repository, refs);
    return refs;
  }

  async #assertThere(name: RepositoryId, refs: RefsDump): Promise<void> {
    const { namespace } = await this.places.fresh(name);
    for (const id of [refs.commits, refs.tags, refs.branches]) {
      const found = await this.blocks.head({ namespace, key: `_lakefs/${id}` });
      if (!found) throw new DomainError('object_data_missing');
    }
  }

  async #refsOf({ repository: { uid }, id }: SubmittedTask, { kind }: RefsWork): Promise<RefsDump> {
    const tasks = new RefsTasksView(this.kv);
    const untilMs = this.clock.nowMs() + WAIT_MS_MAX;
    for (;;) {
      await this.jobs.finished('refs-tasks', { uid, id });
      const record = await tasks.get(uid, id);
      // Its repository went, and it with that.
      if (record === undefined) throw new DomainError('repository_not_found');
      if (record.refs) return record.refs;
      const { error: reason } = record;
      if (reason !== null) {
        throw kind === 'dump'
          ? new DomainError('dump_refused', { reason })
          : new DomainError('restore_refused', { reason });
      }
      if (this.clock.nowMs() > untilMs) throw new DomainError('intent_pending', { intent: id });
      await this.clock.sleep(LOOK_EVERY_MS);
      this.jobs.begin('refs-tasks', { uid, id });
    }
  }

  async #writeManifest({ namespace }: RepositoryRecord, refs: RefsDump): Promise<void> {
    const manifest = {
      branches_meta_range_id: refs.branches,
      commits_meta_range_id: refs.commits,
      tags_meta_range_id: refs.tags,
    };
    const body = (async function* () {
      yield utf8(JSON.stringify(manifest, null, 2));
    })();
    await this.blocks.put({ namespace, key: MANIFEST_KEY }, body);
  }
}
