import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { RepositoryId, TagId } from '../../domain/model.js';
import { tagDecider } from '../../domain/tag/tag.decider.js';
import { tagStream } from '../../domain/tag/tag.stream.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { Places, writable } from '../places.js';
import type { Request } from '../request.js';

/** Takes a tag away; its commit stays. */
export class DeleteTag extends Command<void> {
  constructor(
    readonly repository: RepositoryId,
    readonly tag: TagId,
    readonly options: { readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(DeleteTag)
export class DeleteTagHandler implements ICommandHandler<DeleteTag> {
  constructor(
    private readonly places: Places,
    private readonly streams: AggregateStreams,
  ) {}

  async execute({ repository, tag, options, request }: DeleteTag): Promise<void> {
    const { uid } = writable(await this.places.fresh(repository), options.isForced);
    const stream = tagStream(uid, tag);
    const command = { type: 'DeleteTag' } as const;
    await this.streams.transact({ stream, decider: tagDecider, command }, request);
  }
}
