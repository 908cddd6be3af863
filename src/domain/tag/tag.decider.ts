import { assert, unreachable } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { TagCommand } from './tag.commands.js';
import type { TagEvent } from './tag.events.js';
import type { TagState } from './tag.state.js';

/** A name that stays at its commit until it is deleted. */
export const tagDecider: Decider<TagCommand, TagState, TagEvent> = {
  initial: { status: 'absent' },

  decide(command, tag) {
    switch (command.type) {
      case 'CreateTag':
        if (tag.status === 'there') throw new DomainError('tag_exists');
        return [{ type: 'TagCreated', commitId: command.commitId }];
      case 'DeleteTag':
        if (tag.status === 'absent') throw new DomainError('tag_not_found');
        return [{ type: 'TagDeleted', commitId: tag.commitId }];
      case 'RestoreTag':
        if (tag.status === 'there') throw new DomainError('tag_exists');
        if (tag.stoodAt === undefined) throw new DomainError('tag_not_found');
        return [{ type: 'TagCreated', commitId: tag.stoodAt }];
      default:
        return unreachable(command);
    }
  },

  evolve(tag, event) {
    switch (event.type) {
      case 'TagCreated':
        assert(tag.status === 'absent', 'created while it is there');
        return { status: 'there', commitId: event.commitId };
      case 'TagDeleted':
        assert(tag.status === 'there', 'deleted while it is not there');
        return { status: 'absent', stoodAt: event.commitId };
      default:
        return unreachable(event);
    }
  },
};
