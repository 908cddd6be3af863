import { Controller, HttpCode, Req, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import { ChangeBranchRules } from '../commands/repository/change-branch-rules.js';
import type { Request } from '../commands/request.js';
import type { RepositoryId } from '../domain/model.js';
import { checksumOf } from '../domain/repository/branch-rules.js';
import { GetBranchRules } from '../queries/get-branch-rules.js';
import { Asked, type EdgeRequest } from './caller.js';
import { BRANCH_RULES, BranchProtectionRule, branchRule, branchRules } from './dto/branch-rules.js';
import { JsonBody } from './json-body.js';
import { described, TEXT } from './openapi/schema.js';
import { RepositoryParam } from './params.js';
import { Serves } from './serves.js';

const IF_MATCH = described(TEXT, 'The ETag of the rules that are to be replaced, without quotes');

/** Rules on branches; each forbids to stage anything, and to move the head but by a merge. */
@Controller()
export class BranchRulesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Serves('getBranchProtectionRules', {
    answers: BRANCH_RULES,
    about:
      'The ETag names the rules, for a change of just these; it is empty while there are none.',
  })
  get(
    @RepositoryParam() repository: RepositoryId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly BranchProtectionRule[]> {
    return this.#list(repository, reply);
  }

  @Serves('setBranchProtectionRules', {
    body: BRANCH_RULES,
    headers: { 'if-match?': IF_MATCH },
    refuses: ['precondition_failed', 'branch_busy'],
    about: 'Replaces all rules; they hold when this is answered.',
  })
  @HttpCode(204)
  async set(
    @RepositoryParam() repository: RepositoryId,
    @Req() request: EdgeRequest,
    @Asked() asked: Request,
  ): Promise<void> {
    const rules = branchRules(request.body);
    const expected = request.headers['if-match'];
    const change = { type: 'SetBranchRules', rules, expected } as const;
    await this.commands.execute(new ChangeBranchRules(repository, change, asked));
  }

  /** Who may call it may change rules: there is no more to it while everybody may. */
  @Serves('createBranchProtectionRulePreflight')
  @HttpCode(204)
  preflight(@RepositoryParam() _repository: RepositoryId): void {}

  @Serves('internalGetBranchProtectionRules', { answers: BRANCH_RULES })
  getInternal(
    @RepositoryParam() repository: RepositoryId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly BranchProtectionRule[]> {
    return this.#list(repository, reply);
  }

  @Serves('internalCreateBranchProtectionRule', { refuses: ['branch_busy'] })
  @HttpCode(204)
  async add(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(BranchProtectionRule) body: BranchProtectionRule,
    @Asked() asked: Request,
  ): Promise<void> {
    const change = { type: 'AddBranchRule', rule: branchRule(body) } as const;
    await this.commands.execute(new ChangeBranchRules(repository, change, asked));
  }

  @Serves('internalDeleteBranchProtectionRule', { refuses: ['rule_not_found', 'branch_busy'] })
  @HttpCode(204)
  async remove(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(BranchProtectionRule) { pattern }: BranchProtectionRule,
    @Asked() asked: Request,
  ): Promise<void> {
    const change = { type: 'RemoveBranchRule', pattern } as const;
    await this.commands.execute(new ChangeBranchRules(repository, change, asked));
  }

  async #list(repository: RepositoryId, reply: FastifyReply) {
    const found = await this.queries.execute(new GetBranchRules(repository));
    void reply.header('etag', checksumOf(found));
    return found.rules.map(({ pattern }) => ({ pattern }));
  }
}
