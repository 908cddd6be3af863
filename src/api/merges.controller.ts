import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { MergeIntoBranch } from '../commands/branch/merge-into-branch.js';
import type { Request } from '../commands/request.js';
import { FindMergeBase } from '../queries/find-merge-base.js';
import { Asked } from './caller.js';
import { Merge, mergeWish } from './dto/merge-creation.js';
import { OptionalJsonBody } from './json-body.js';
import { MERGE_BASE, MERGE_RESULT } from './openapi/answer-schemas.js';
import { MergedRefs, OntoBranch, type PlaceOntoBranch, type RefsMerged } from './params.js';
import { Serves } from './serves.js';

@Controller()
export class MergesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Serves('mergeIntoBranch', {
    answers: MERGE_RESULT,
    refuses: [
      'branch_not_found',
      'commit_ref_not_found',
      'commit_ref_invalid',
      'dirty_branch',
      'no_changes',
      'no_merge_base',
      'merge_conflict',
      'object_data_missing',
      'precondition_failed',
      'protected_branch_write',
      'read_only_repository',
      'branch_busy',
      'intent_pending',
    ],
    about:
      'The source is resolved once, before the merge takes its place in the queue of the branch. ' +
      'On a conflict the message names the first paths in it.',
  })
  @HttpCode(200)
  async merge(
    @OntoBranch() { repository, branch, sourceRef }: PlaceOntoBranch,
    @OptionalJsonBody(Merge) body: Merge,
    @Asked() asked: Request,
  ) {
    const wish = { ...mergeWish(body), sourceRef };
    const { id } = await this.commands.execute(
      new MergeIntoBranch(repository, branch, wish, asked),
    );
    return { reference: id };
  }

  @Serves('findMergeBase', {
    answers: MERGE_BASE,
    refuses: ['commit_ref_not_found', 'commit_ref_invalid', 'no_merge_base'],
    about: 'The best common ancestor; of several the same one at every time, from both sides.',
  })
  async base(@MergedRefs() { repository, sourceRef, destinationRef }: RefsMerged) {
    const found = await this.queries.execute(
      new FindMergeBase(repository, sourceRef, destinationRef),
    );
    return {
      source_commit_id: found.source,
      destination_commit_id: found.destination,
      base_commit_id: found.base,
    };
  }
}
