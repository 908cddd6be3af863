import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { RepositoryId } from '../../domain/model.js';
import type { BranchRule } from '../../domain/repository/branch-rules.js';
import { repositoryDecider } from '../../domain/repository/repository.decider.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { RuleEnforcement } from './rule-enforcement.js';

/** What is to become of a repository's rules on branches. */
export type RulesChange =
  | {
      readonly type: 'SetBranchRules';
      readonly rules: readonly BranchRule[];
      /** Only over the rules of this checksum; undefined: over any. */
      readonly expected: string | undefined;
    }
  | { readonly type: 'AddBranchRule'; readonly rule: BranchRule }
  | { readonly type: 'RemoveBranchRule'; readonly pattern: string };

/**
 * Changes the rules on branches. When this returns they hold: no write that they forbid is
 * accepted on any node, and none is refused that they allow.
 *
 * @throws DomainError  repository_not_found; precondition_failed; rule_not_found; invalid
 */
export class ChangeBranchRules extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly change: RulesChange,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(ChangeBranchRules)
export class ChangeBranchRulesHandler implements ICommandHandler<ChangeBranchRules> {
  constructor(
    private readonly places: Places,
    private readonly streams: AggregateStreams,
    private readonly enforcement: RuleEnforcement,
  ) {}

  async execute({ repository, change, request }: ChangeBranchRules): Promise<void> {
    const stream = repositoryStream(repository);
    const step = { stream, decider: repositoryDecider, command: change };
    await this.streams.transact(step, request);
    // Also when nothing was to be changed: who did it before may still be at it, or be gone.
    await this.enforcement.finish(await this.places.fresh(repository), request);
  }
}
