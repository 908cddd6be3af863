import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CherryPick } from '../commands/branch/cherry-pick.js';
import { HardResetBranch } from '../commands/branch/hard-reset-branch.js';
import { ResetBranch } from '../commands/branch/reset-branch.js';
import { RevertBranch } from '../commands/branch/revert-branch.js';
import type { Request } from '../commands/request.js';
import { Asked } from './caller.js';
import { CherryPickCreation, cherryPickWish } from './dto/cherry-pick-creation.js';
import { ResetCreation, resetWish } from './dto/reset-creation.js';
import { RevertCreation, revertWish } from './dto/revert-creation.js';
import { JsonBody } from './json-body.js';
import { COMMIT } from './openapi/answer-schemas.js';
import { FLAG, TEXT } from './openapi/schema.js';
import { OnBranch, type PlaceOnBranch, QueryParams } from './params.js';
import { refText } from './parse.js';
import type { Query } from './query.js';
import { Serves } from './serves.js';
import { commitJson } from './wire.js';

/** What any operation may answer that waits in a branch's queue. */
const QUEUED = [
  'branch_not_found',
  'precondition_failed',
  'protected_branch_write',
  'read_only_repository',
  'branch_busy',
  'intent_pending',
] as const;

/** What one may answer that lays another tree over the head. */
const LAYING = [
  ...QUEUED,
  'commit_ref_not_found',
  'commit_ref_invalid',
  'parent_out_of_range',
  'dirty_branch',
  'no_changes',
  'merge_conflict',
  'object_data_missing',
] as const;

/** Operations that take a branch back, or bring it what another commit changed. */
@Controller()
export class BranchChangesController {
  constructor(private readonly commands: CommandBus) {}

  @Serves('resetBranch', {
    refuses: QUEUED,
    about:
      'Throws away every write that was acknowledged before it, of all paths or of some; ' +
      'what is written after it stays.',
  })
  @HttpCode(204)
  reset(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @JsonBody(ResetCreation) body: ResetCreation,
    @Asked() asked: Request,
  ): Promise<void> {
    return this.commands.execute(new ResetBranch(repository, branch, resetWish(body), asked));
  }

  @Serves('hardResetBranch', {
    query: { ref: TEXT, 'force?': FLAG },
    refuses: [...QUEUED, 'commit_ref_not_found', 'commit_ref_invalid'],
    about: 'Puts the head at a commit; what is staged stays, and shows over it.',
  })
  @HttpCode(204)
  hardReset(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @QueryParams() query: Query,
    @Asked() asked: Request,
  ): Promise<void> {
    const wish = { ref: refText(query.required('ref')), isForced: query.flag('force') };
    return this.commands.execute(new HardResetBranch(repository, branch, wish, asked));
  }

  @Serves('revertBranch', { refuses: [...LAYING, 'revert_parent_missing'] })
  @HttpCode(204)
  async revert(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @JsonBody(RevertCreation) body: RevertCreation,
    @Asked() asked: Request,
  ): Promise<void> {
    await this.commands.execute(new RevertBranch(repository, branch, revertWish(body), asked));
  }

  @Serves('cherryPick', {
    answers: COMMIT,
    refuses: [...LAYING, 'cherry_pick_parent_missing'],
  })
  async cherryPick(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @JsonBody(CherryPickCreation) body: CherryPickCreation,
    @Asked() asked: Request,
  ) {
    const command = new CherryPick(repository, branch, cherryPickWish(body), asked);
    return commitJson(await this.commands.execute(command));
  }
}
