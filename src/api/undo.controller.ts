import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request } from '../commands/request.js';
import { RestoreTag } from '../commands/tag/restore-tag.js';
import { RestoreBranch } from '../commands/undo/restore-branch.js';
import { UndoBranch, type UndoneAnswer } from '../commands/undo/undo-branch.js';
import type { RepositoryId, TagId } from '../domain/model.js';
import { Asked } from './caller.js';
import { UndoRequest, undoWish } from './dto/undo-request.js';
import { OptionalJsonBody } from './json-body.js';
import { REF } from './openapi/answer-schemas.js';
import { RESTORED_BRANCH, UNDONE } from './openapi/undo-schemas.js';
import { FLAG } from './openapi/schema.js';
import { OnBranch, type PlaceOnBranch, QueryParams, RepositoryParam, TagParam } from './params.js';
import type { Query } from './query.js';
import { Serves } from './serves.js';
import { refJson } from './wire.js';

/** What takes operations back, each by an event of its own. */
@Controller()
export class UndoController {
  constructor(private readonly commands: CommandBus) {}

  @Serves('undoOnBranch', {
    answers: UNDONE,
    refuses: [
      'branch_not_found',
      'nothing_to_undo',
      'undo_superseded',
      'protected_branch',
      'protected_branch_write',
      'precondition_failed',
      'read_only_repository',
      'branch_busy',
      'intent_pending',
    ],
    about:
      'Takes back the newest operation of a branch (a commit, merge, revert, cherry-pick, ' +
      'import, hard reset or reset; or the undo of one), or the one that is named, unless ' +
      'another has come between. What was staged since stays, on top.',
  })
  @HttpCode(200)
  async undo(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @OptionalJsonBody(UndoRequest) body: UndoRequest,
    @Asked() asked: Request,
  ) {
    const command = new UndoBranch(repository, branch, undoWish(body), asked);
    return undoneJson(await this.commands.execute(command));
  }

  @Serves('restoreBranch', {
    answers: RESTORED_BRANCH,
    query: { 'force?': FLAG },
    refuses: [
      'branch_exists',
      'branch_not_found',
      'intent_pending',
      'name_taken',
      'read_only_repository',
      'store_busy',
    ],
    about: 'Brings a deleted branch back, with its head and with what was staged on it.',
  })
  @HttpCode(200)
  async restoreBranch(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @QueryParams() query: Query,
    @Asked() asked: Request,
  ) {
    const options = { isForced: query.flag('force') };
    const command = new RestoreBranch(repository, branch, options, asked);
    const { head, revision, restoredCount } = await this.commands.execute(command);
    return { id: branch, commit_id: head.commitId, undone: revision, restored: restoredCount };
  }

  @Serves('restoreTag', {
    answers: REF,
    query: { 'force?': FLAG },
    refuses: ['name_taken', 'read_only_repository', 'tag_exists', 'tag_not_found'],
    about: 'Brings a deleted tag back to the commit that it named last.',
  })
  @HttpCode(200)
  async restoreTag(
    @RepositoryParam() repository: RepositoryId,
    @TagParam() tag: TagId,
    @QueryParams() query: Query,
    @Asked() asked: Request,
  ) {
    const options = { isForced: query.flag('force') };
    const command = new RestoreTag(repository, tag, options, asked);
    return refJson({ name: tag, commitId: await this.commands.execute(command) });
  }
}

const undoneJson = (answer: UndoneAnswer) => ({
  undone: { operation: answer.operation, revision: answer.revision, is_redo: answer.isRedo },
  from: answer.from,
  commit_id: answer.head.commitId,
  restored: answer.restoredCount,
});
