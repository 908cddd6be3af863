import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BranchId, ObjectPath, RepositoryId } from '../../domain/model.js';
import { Ids } from '../../ports/ids.js';
import { Places } from '../places.js';
import { AddressTokens } from './address-tokens.js';

/**
 * Gives an address out, under which a client may store a body and then link it: once, for this
 * path of this branch, for a while. Nothing is written.
 *
 * @throws DomainError repository_not_found
 */
export class IssueAddress extends Command<string> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly path: ObjectPath,
  ) {
    super();
  }
}

@CommandHandler(IssueAddress)
export class IssueAddressHandler implements ICommandHandler<IssueAddress> {
  constructor(
    private readonly places: Places,
    private readonly ids: Ids,
    private readonly tokens: AddressTokens,
  ) {}

  async execute({ repository, branch, path }: IssueAddress): Promise<string> {
    const { uid, namespace } = await this.places.fresh(repository);
    return `${namespace}/${this.tokens.sign({ uid, branch, path }, this.ids.dataKey())}`;
  }
}
