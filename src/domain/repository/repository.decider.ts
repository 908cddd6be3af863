import { assert, unreachable } from '../../shared/assert.js';
import { compareUtf8 } from '../../shared/bytes.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { Metadata } from '../model.js';
import { checksumOf, NO_RULES, orderedRules, type BranchRule } from './branch-rules.js';
import type { RepositoryCommand } from './repository.commands.js';
import type { RepositoryEvent } from './repository.events.js';
import type { RepositoryState } from './repository.state.js';

/** Who has a name, and how a repository goes: hidden first, then emptied, then purged. */
export const repositoryDecider: Decider<RepositoryCommand, RepositoryState, RepositoryEvent> = {
  initial: { status: 'absent' },

  decide(command, state) {
    if (command.type === 'CreateRepository') {
      if (state.status === 'live') throw new DomainError('repository_exists');
      if (state.status === 'deleting') throw new DomainError('repository_in_deletion');
      const { repository, firstCommit } = command;
      return [{ type: 'RepositoryCreated', repository, firstCommit }];
    }
    if (state.status === 'absent') throw new DomainError('repository_not_found');
    const { repository } = state;
    const { uid } = repository;

    switch (command.type) {
      case 'SetMetadata': {
        if (state.status === 'deleting') throw new DomainError('repository_not_found');
        const metadata = changed(state.metadata, command);
        return [{ type: 'RepositoryMetadataSet', uid, metadata }];
      }
      case 'SetBranchRules':
      case 'AddBranchRule':
      case 'RemoveBranchRule':
      case 'MarkRulesApplied':
        if (state.status === 'deleting') throw new DomainError('repository_not_found');
        return decideRules(command, { ...state, status: 'live' });
      case 'RequestDeletion':
        if (state.status === 'deleting') return [];
        if (repository.isReadOnly && !command.isForced) {
          throw new DomainError('read_only_repository');
        }
        return [{ type: 'RepositoryDeletionRequested', repository }];
      case 'DropRows': {
        assert(state.status === 'deleting', 'rows go after the repository is hidden');
        const { rows, until } = command;
        return [{ type: 'RepositoryRowsDropped', uid, rows, until }];
      }
      case 'Purge':
        assert(state.status === 'deleting', 'purged after it is hidden');
        return [{ type: 'RepositoryPurged', uid }];
      default:
        return unreachable(command);
    }
  },

  evolve(state, event) {
    if (event.type === 'RepositoryCreated') {
      assert(state.status === 'absent', 'created while the name is taken');
      return {
        status: 'live',
        repository: event.repository,
        metadata: [],
        branchRules: NO_RULES,
        rulesApplied: 0,
      };
    }
    assert(state.status !== 'absent', `${event.type} on a repository that is not there`);
    switch (event.type) {
      case 'RepositoryMetadataSet':
        assert(state.status === 'live', 'no metadata after the deletion was requested');
        return { ...state, metadata: event.metadata };
      case 'BranchRulesSet': {
        assert(state.status === 'live', 'no rules after the deletion was requested');
        const { revision, rules } = event;
        assert(revision === state.branchRules.revision + 1, 'changes of rules are counted');
        return { ...state, branchRules: { revision, rules } };
      }
      case 'BranchRulesApplied':
        assert(event.revision === state.branchRules.revision, 'the newest rules are applied');
        return { ...state, rulesApplied: event.revision };
      case 'RepositoryDeletionRequested':
        assert(state.status === 'live', 'hidden once');
        return { ...state, status: 'deleting' };
      case 'RepositoryRowsDropped':
        assert(state.status === 'deleting', 'rows go after the repository is hidden');
        return state;
      case 'RepositoryPurged':
        assert(state.status === 'deleting', 'purged after it is hidden');
        return { status: 'absent' };
      default:
        return unreachable(event);
    }
  },
};

type RulesCommand = Extract<RepositoryCommand, { type: `${string}Rule${string}` }>;

function decideRules(
  command: RulesCommand,
  { repository, branchRules, rulesApplied }: Exclude<RepositoryState, { status: 'absent' }>,
): readonly RepositoryEvent[] {
  const { revision, rules: before } = branchRules;
  const set = (rules: readonly BranchRule[]): readonly RepositoryEvent[] => {
    const after = orderedRules(rules);
    if (JSON.stringify(after) === JSON.stringify(before)) return [];
    return [{ type: 'BranchRulesSet', repository, revision: revision + 1, rules: after }];
  };
  switch (command.type) {
    case 'SetBranchRules': {
      const { expected, rules } = command;
      if (expected !== undefined && expected !== checksumOf(branchRules)) {
        throw new DomainError('precondition_failed');
      }
      return set(rules);
    }
    case 'AddBranchRule':
      return set([...before, command.rule]);
    case 'RemoveBranchRule': {
      const rest = before.filter(({ pattern }) => pattern !== command.pattern);
      if (rest.length === before.length) throw new DomainError('rule_not_found');
      return set(rest);
    }
    case 'MarkRulesApplied':
      // Newer rules have come meanwhile: whoever set them is at it.
      if (command.revision !== revision || rulesApplied === revision) return [];
      return [{ type: 'BranchRulesApplied', uid: repository.uid, revision }];
    default:
      return unreachable(command);
  }
}

function changed(
  metadata: Metadata,
  { set, unset }: { set: Metadata; unset: readonly string[] },
): Metadata {
  const entries = new Map(metadata);
  for (const key of unset) entries.delete(key);
  for (const [key, value] of set) entries.set(key, value);
  return [...entries].sort(([left], [right]) => compareUtf8(left, right));
}
